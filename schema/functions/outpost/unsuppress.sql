CREATE OR REPLACE FUNCTION outpost.unsuppress(address text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.suppression s
    WHERE s.key = outpost_private.suppression_key(unsuppress.address, outpost_private.address_domain(unsuppress.address, 'recipient'));
    RETURN FOUND;
END $$;

COMMENT ON FUNCTION outpost.unsuppress IS 'Lets mail to this address go again, whoever suppressed it. False when nobody had';
