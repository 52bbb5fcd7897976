-- What recipient domains have shown that they can do, as the deliveries of each account have seen it. An account learns
-- nothing of whom others write to.

-- One ability: whether the last attempt that could tell saw it, and when it was ever seen.
CREATE TYPE outpost_private.sighting AS (has boolean, first_seen timestamptz, last_seen timestamptz);

CREATE FUNCTION outpost_private.sighted(before outpost_private.sighting, has boolean, at timestamptz) RETURNS outpost_private.sighting
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN has THEN ROW(true, coalesce((before).first_seen, at), at)::outpost_private.sighting
        WHEN NOT has THEN ROW(false, (before).first_seen, (before).last_seen)::outpost_private.sighting
        ELSE before
    END
$$;

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

CREATE VIEW outpost.domain_abilities AS
SELECT account, domain, (starttls).has AS starttls, (requiretls).has AS requiretls, (mta_sts).has AS mta_sts, (dane).has AS dane,
    (dnssec).has AS dnssec, last_attempt_at,
    (starttls).first_seen AS starttls_first_seen, (starttls).last_seen AS starttls_last_seen,
    (requiretls).first_seen AS requiretls_first_seen, (requiretls).last_seen AS requiretls_last_seen,
    (mta_sts).first_seen AS mta_sts_first_seen, (mta_sts).last_seen AS mta_sts_last_seen,
    (dane).first_seen AS dane_first_seen, (dane).last_seen AS dane_last_seen,
    (dnssec).first_seen AS dnssec_first_seen, (dnssec).last_seen AS dnssec_last_seen
FROM outpost_private.domain_ability;
COMMENT ON VIEW outpost.domain_abilities IS 'What recipient domains can do, by the last direct delivery of each account; null: it did not come to light';
COMMENT ON COLUMN outpost.domain_abilities.account IS 'Account whose mail it was; empty for mail without an account';
COMMENT ON COLUMN outpost.domain_abilities.domain IS 'Recipient domain, in A-labels';
COMMENT ON COLUMN outpost.domain_abilities.starttls IS 'Mail went over TLS; false: in clear';
COMMENT ON COLUMN outpost.domain_abilities.requiretls IS 'REQUIRETLS was announced under TLS (RFC 8689)';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts IS 'There is an MTA-STS policy in mode enforce (RFC 8461)';
COMMENT ON COLUMN outpost.domain_abilities.dane IS 'The MX host that was talked to has usable TLSA records (RFC 7672)';
COMMENT ON COLUMN outpost.domain_abilities.dnssec IS 'The MX answer was secure by DNSSEC';
COMMENT ON COLUMN outpost.domain_abilities.last_attempt_at IS 'Last attempt that showed any of this, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.starttls_first_seen IS 'When TLS was first seen';
COMMENT ON COLUMN outpost.domain_abilities.starttls_last_seen IS 'When TLS was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.requiretls_first_seen IS 'When REQUIRETLS was first seen';
COMMENT ON COLUMN outpost.domain_abilities.requiretls_last_seen IS 'When REQUIRETLS was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts_first_seen IS 'When an enforced policy was first seen';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts_last_seen IS 'When an enforced policy was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.dane_first_seen IS 'When usable TLSA records were first seen';
COMMENT ON COLUMN outpost.domain_abilities.dane_last_seen IS 'When usable TLSA records were last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.dnssec_first_seen IS 'When the MX answer was first secure';
COMMENT ON COLUMN outpost.domain_abilities.dnssec_last_seen IS 'When the MX answer was last secure, to the hour';

CREATE VIEW outpost.domain_ability_changes AS
SELECT account, domain, ability, NOT has AS before, has AS after, first_at AS changed_at, times, last_at
FROM outpost_private.domain_ability_change;
COMMENT ON VIEW outpost.domain_ability_changes IS 'What recipient domains could no longer do, or could do from then on; changes of one kind within an hour are one row';
COMMENT ON COLUMN outpost.domain_ability_changes.account IS 'Account whose mail it was; empty for mail without an account';
COMMENT ON COLUMN outpost.domain_ability_changes.domain IS 'Recipient domain, in A-labels';
COMMENT ON COLUMN outpost.domain_ability_changes.ability IS 'starttls, requiretls, mta_sts, dane or dnssec';
COMMENT ON COLUMN outpost.domain_ability_changes.before IS 'Whether it was seen until then';
COMMENT ON COLUMN outpost.domain_ability_changes.after IS 'Whether it was seen from then on';
COMMENT ON COLUMN outpost.domain_ability_changes.changed_at IS 'When the attempt ended that saw the change, the first one of that hour';
COMMENT ON COLUMN outpost.domain_ability_changes.times IS 'How often it changed this way within the hour: often where MX hosts of a domain differ';
COMMENT ON COLUMN outpost.domain_ability_changes.last_at IS 'When it last did';

-- For submitters, before they choose REQUIRETLS: it is safe when every recipient's domain announces it, and has a policy
-- by which a host can be verified.
CREATE FUNCTION outpost_private.yes_no(answer boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN answer THEN 'yes' WHEN NOT answer THEN 'no' ELSE 'unknown' END $$;

CREATE FUNCTION outpost.tls_abilities(account text, recipients text[])
RETURNS TABLE (recipient text, domain text, starttls text, requiretls text, mta_sts text, dane text, dnssec text,
    seen_at timestamptz, requiretls_safe boolean, requiretls_safe_for_all boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH asked AS (
        SELECT u.recipient, u.n, outpost_private.address_domain(u.recipient, 'recipient') AS domain
        FROM unnest(tls_abilities.recipients) WITH ORDINALITY AS u(recipient, n)
    ), known AS (
        SELECT q.n, q.recipient, q.domain, (a.starttls).has AS starttls, (a.requiretls).has AS requiretls, (a.mta_sts).has AS mta_sts,
            (a.dane).has AS dane, (a.dnssec).has AS dnssec, a.last_attempt_at,
            coalesce((a.requiretls).has AND ((a.mta_sts).has OR (a.dane).has), false) AS safe
        FROM asked q LEFT JOIN outpost_private.domain_ability a ON a.account = tls_abilities.account AND a.domain = q.domain
    )
    SELECT k.recipient, k.domain, outpost_private.yes_no(k.starttls), outpost_private.yes_no(k.requiretls),
        outpost_private.yes_no(k.mta_sts), outpost_private.yes_no(k.dane), outpost_private.yes_no(k.dnssec), k.last_attempt_at, k.safe,
        bool_and(k.safe) OVER ()
    FROM known k ORDER BY k.n
$$;
COMMENT ON FUNCTION outpost.tls_abilities IS 'For each recipient what its domain has shown to this account, and whether REQUIRETLS may be chosen safely: for it, and for all of them together';

REVOKE ALL ON FUNCTION outpost.tls_abilities, outpost_private.yes_no, outpost_private.sighted FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.domain_abilities, outpost.domain_ability_changes TO outpost_reader, outpost_operator;
    GRANT EXECUTE ON FUNCTION outpost.tls_abilities TO outpost_submitter;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the new views and the function were granted to nobody: this role may not do so';
END $$;
