-- What recipient domains have shown that they can do, as the deliveries of each account have seen it. An account learns
-- nothing of whom others write to.

-- One ability: whether the last attempt that could tell saw it, and when it was ever seen.
CREATE TYPE outpost_private.sighting AS (has boolean, first_seen timestamptz, last_seen timestamptz);

CREATE TABLE outpost_private.domain_ability (
    account         text NOT NULL,                -- '' for mail without an account
    domain          text NOT NULL,                -- A-labels
    starttls        outpost_private.sighting,
    requiretls      outpost_private.sighting,
    mta_sts         outpost_private.sighting,
    dane            outpost_private.sighting,
    dnssec          outpost_private.sighting,
    last_attempt_at timestamptz NOT NULL,
    PRIMARY KEY (account, domain)
) WITH (fillfactor = 70);
CREATE INDEX domain_ability_domain ON outpost_private.domain_ability (domain);
CREATE INDEX domain_ability_last_attempt ON outpost_private.domain_ability (last_attempt_at);

-- What changed. Where two MX hosts of a domain differ, an ability comes and goes with every attempt: so changes of one
-- kind are counted by the hour.
CREATE TABLE outpost_private.domain_ability_change (
    account  text NOT NULL,
    domain   text NOT NULL,
    ability  text NOT NULL,
    hour     timestamptz NOT NULL,
    has      boolean NOT NULL,                    -- from now on
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    times    integer NOT NULL,
    PRIMARY KEY (domain, account, ability, hour, has)
) WITH (fillfactor = 70);
CREATE INDEX domain_ability_change_hour ON outpost_private.domain_ability_change (hour);
