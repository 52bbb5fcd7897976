-- Refuses what cannot be an envelope address, and returns its domain (A-labels, or an address literal).
-- It accepts nothing that mail::Address would not.
CREATE OR REPLACE FUNCTION outpost_private.address_domain(address text, what text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    at integer := length(address) - position('@' IN reverse(address)) + 1;
    local_part text;
    domain text;
BEGIN
    IF address IS NULL OR octet_length(address) > 254 OR outpost_private.has_controls(address) THEN
        RAISE EXCEPTION '% % has control characters, is longer than 254 octets, or is null', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF position('@' IN address) = 0 THEN
        RAISE EXCEPTION '% % is not an address: there is no @', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the bare address, without a name or angle brackets.';
    END IF;
    local_part := left(address, at - 1);
    domain := lower(substr(address, at + 1) COLLATE "C");  -- no locale makes another letter of an I
    IF local_part = ''
       OR NOT (local_part ~ '^[^\s()<>\[\]:;,\\"@]+$' AND local_part !~ '(^\.|\.\.|\.$)' OR local_part ~ '^"([^"\\]|\\[ -~])+"$') THEN
        RAISE EXCEPTION '% % is not an address: check the part before the @', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the bare address, without a name or angle brackets.';
    END IF;
    IF outpost_private.address_literal(domain) IS NOT NULL THEN
        RETURN outpost_private.address_literal(domain);
    END IF;
    IF domain ~ '[^ -~]' THEN
        RAISE EXCEPTION '% %: the domain is not ASCII', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write it in A-labels (xn--...).';
    END IF;
    IF length(domain) > 253 OR domain !~ '^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$'
       OR domain ~ '(^|\.)\d+$' THEN
        RAISE EXCEPTION '% % is not an address: % is no domain name', what, outpost_private.shown(address), outpost_private.shown(domain)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN domain;
END $$;
