CREATE OR REPLACE FUNCTION outpost.mta_sts_refresh(domain text) RETURNS void
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
