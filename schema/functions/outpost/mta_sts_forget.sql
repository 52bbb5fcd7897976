CREATE OR REPLACE FUNCTION outpost.mta_sts_forget(domain text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.mta_sts m WHERE m.domain = lower(mta_sts_forget.domain);
    RETURN FOUND;
END $$;

COMMENT ON FUNCTION outpost.mta_sts_forget IS
    'Forgets a domain''s MTA-STS policy, in force or not: until it is fetched again, mail goes there without it. False when none was known';
