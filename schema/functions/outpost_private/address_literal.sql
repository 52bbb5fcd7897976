-- The address in brackets in the one form that the queue knows it by; NULL when it is none.
CREATE OR REPLACE FUNCTION outpost_private.address_literal(domain text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF domain ~ '^\[(\d{1,3}\.){3}\d{1,3}\]$' THEN
        RETURN '[' || host(btrim(domain, '[]')::inet) || ']';
    ELSIF domain ~ '^\[ipv6:[0-9a-f:.]+\]$' THEN
        RETURN '[IPv6:' || host(substr(btrim(domain, '[]'), 6)::inet) || ']';
    END IF;
    RETURN NULL;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END $$;
