-- An address is written with or without mailto:.
CREATE OR REPLACE FUNCTION outpost_private.tls_report_place(place text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    address text := regexp_replace(tls_report_place.place, '^mailto:', '', 'i');
BEGIN
    IF tls_report_place.place ~* '^https://[!-~]+$' THEN
        RETURN tls_report_place.place;
    END IF;
    RETURN 'mailto:' || outpost_private.with_domain(address, outpost_private.address_domain(address, 'place'));
END $$;
