-- Policies of recipient domains (MTA-STS, RFC 8461), as all nodes share them. Each node holds these rows in memory and
-- is told of changes, so a delivery asks nothing of the database.

CREATE SEQUENCE outpost_private.mta_sts_version;

CREATE TABLE outpost_private.mta_sts (
    domain        text PRIMARY KEY,             -- of the mail address, A-labels
    version       bigint NOT NULL,              -- of the row, from the sequence; 0: nothing is known yet
    -- The policy: all are set, or none is.
    record_id     text,                         -- the id that its TXT record had
    mode          text CHECK (mode IN ('enforce', 'testing', 'none')),
    max_age       integer CHECK (max_age >= 0), -- seconds
    mx            text[],
    policy_text   text,                         -- as it was served
    fetched_at    timestamptz,
    valid_until   timestamptz,
    refresh_at    timestamptz,                  -- when some node is to fetch it again; null: never by itself
    -- Why the last fetch failed; none is tried before retry_at.
    failure       text,                         -- kind
    failure_text  text,
    failure_code  text,
    failed_at     timestamptz,
    retry_at      timestamptz,
    -- A node fetches it now: others wait for that until this time.
    fetching_until timestamptz,
    last_used_at  timestamptz NOT NULL DEFAULT now(),  -- to the day
    CHECK (num_nulls(record_id, mode, max_age, mx, policy_text, fetched_at, valid_until) IN (0, 7)),
    CHECK (num_nulls(failure, failure_text, failure_code, failed_at, retry_at) IN (0, 5))
);
CREATE INDEX mta_sts_refresh ON outpost_private.mta_sts (refresh_at) WHERE refresh_at IS NOT NULL;

CREATE FUNCTION outpost_private.mta_sts_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outpost_mta_sts', coalesce(NEW.domain, OLD.domain));
    RETURN NULL;
END $$;
CREATE TRIGGER mta_sts_updated AFTER UPDATE ON outpost_private.mta_sts
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION outpost_private.mta_sts_changed();
CREATE TRIGGER mta_sts_inserted AFTER INSERT ON outpost_private.mta_sts
    FOR EACH ROW WHEN (NEW.version > 0) EXECUTE FUNCTION outpost_private.mta_sts_changed();
CREATE TRIGGER mta_sts_deleted AFTER DELETE ON outpost_private.mta_sts
    FOR EACH ROW WHEN (OLD.version > 0) EXECUTE FUNCTION outpost_private.mta_sts_changed();

-- When a policy is to be fetched again: a day later at most, and in good time before it ends; so that domains that came
-- together do not come back together, each somewhat earlier or later. One that ends within the hour is not refreshed: it
-- is fetched when mail needs it.
CREATE FUNCTION outpost_private.mta_sts_next_refresh(max_age integer) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN max_age >= 3600
           THEN clock_timestamp() + least(max_age / 2, 86400) * (0.75 + 0.5 * random()) * interval '1 second' END
$$;

CREATE FUNCTION outpost.mta_sts_refresh(domain text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF lower(mta_sts_refresh.domain) !~ '^[a-z0-9_-]+([.][a-z0-9_-]+)*$' THEN
        RAISE EXCEPTION '% is not a domain name', mta_sts_refresh.domain
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write it with A-labels, without a dot at its end.';
    END IF;
    INSERT INTO outpost_private.mta_sts AS m (domain, version, refresh_at)
    VALUES (lower(mta_sts_refresh.domain), nextval('outpost_private.mta_sts_version'), clock_timestamp())
    ON CONFLICT (domain) DO UPDATE SET version = excluded.version, refresh_at = excluded.refresh_at,
        failure = NULL, failure_text = NULL, failure_code = NULL, failed_at = NULL, retry_at = NULL;
END $$;
COMMENT ON FUNCTION outpost.mta_sts_refresh IS
    'Asks the nodes to look a domain''s MTA-STS policy up and fetch it now, known or not (A-labels)';

CREATE FUNCTION outpost.mta_sts_forget(domain text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.mta_sts m WHERE m.domain = lower(mta_sts_forget.domain);
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION outpost.mta_sts_forget IS
    'Forgets a domain''s MTA-STS policy, in force or not: until it is fetched again, mail goes there without it. False when none was known';

CREATE VIEW outpost.mta_sts_policies AS
SELECT domain, mode, mx, record_id, make_interval(secs => max_age) AS max_age, fetched_at, valid_until, refresh_at,
    coalesce(valid_until > now(), false) AS in_force, failure, failure_text, failed_at, retry_at,
    coalesce(fetching_until > now(), false) AS being_fetched, last_used_at, policy_text
FROM outpost_private.mta_sts WHERE version > 0;
COMMENT ON VIEW outpost.mta_sts_policies IS 'MTA-STS policies (RFC 8461) of recipient domains, and why one could not be fetched';
COMMENT ON COLUMN outpost.mta_sts_policies.domain IS 'Recipient domain, A-labels';
COMMENT ON COLUMN outpost.mta_sts_policies.mode IS 'enforce, testing or none; null when no policy is known';
COMMENT ON COLUMN outpost.mta_sts_policies.mx IS 'Mail servers that the policy names; *. stands for one label';
COMMENT ON COLUMN outpost.mta_sts_policies.record_id IS 'Id in the TXT record at _mta-sts when the policy was fetched';
COMMENT ON COLUMN outpost.mta_sts_policies.max_age IS 'How long the policy may be kept after it was fetched; a year at most';
COMMENT ON COLUMN outpost.mta_sts_policies.fetched_at IS 'When the policy was fetched last';
COMMENT ON COLUMN outpost.mta_sts_policies.valid_until IS 'When it ends unless it is fetched again';
COMMENT ON COLUMN outpost.mta_sts_policies.refresh_at IS 'When a node is to fetch it again; null: not by itself';
COMMENT ON COLUMN outpost.mta_sts_policies.in_force IS 'Whether it holds now: until valid_until, whatever DNS and HTTPS say';
COMMENT ON COLUMN outpost.mta_sts_policies.failure IS 'Why the last fetch failed, as TLS reports call it; null when it did not';
COMMENT ON COLUMN outpost.mta_sts_policies.failure_text IS 'The same for people';
COMMENT ON COLUMN outpost.mta_sts_policies.failed_at IS 'When it failed';
COMMENT ON COLUMN outpost.mta_sts_policies.retry_at IS 'Deliveries do not try to fetch it before';
COMMENT ON COLUMN outpost.mta_sts_policies.being_fetched IS 'Whether a node fetches it now';
COMMENT ON COLUMN outpost.mta_sts_policies.last_used_at IS 'When mail last went by this row, to the day';
COMMENT ON COLUMN outpost.mta_sts_policies.policy_text IS 'The policy as it was served';

REVOKE ALL ON FUNCTION outpost.mta_sts_refresh, outpost.mta_sts_forget, outpost_private.mta_sts_changed,
    outpost_private.mta_sts_next_refresh FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.mta_sts_policies TO outpost_reader, outpost_operator;
    GRANT EXECUTE ON FUNCTION outpost.mta_sts_refresh, outpost.mta_sts_forget TO outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the roles outpost_reader and outpost_operator do not see MTA-STS policies: they are not there, or not ours to grant to';
END $$;
