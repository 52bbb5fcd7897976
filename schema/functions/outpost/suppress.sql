CREATE OR REPLACE FUNCTION outpost.suppress(address text, until timestamptz DEFAULT NULL, reason text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    its_domain text := outpost_private.address_domain(suppress.address, 'recipient');
BEGIN
    IF suppress.until <= clock_timestamp() THEN
        RAISE EXCEPTION 'the suppression would end at %, which has passed', suppress.until
            USING ERRCODE = 'invalid_parameter_value', HINT = 'outpost.unsuppress ends one now.';
    END IF;
    INSERT INTO outpost_private.suppression AS s (key, address, domain, reason, suppressed_by, until)
    VALUES (outpost_private.suppression_key(suppress.address, its_domain),
        outpost_private.with_domain(suppress.address, its_domain), its_domain, coalesce(suppress.reason, ''), session_user, suppress.until)
    ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason, message_id = NULL, number = NULL,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until;
END $$;

COMMENT ON FUNCTION outpost.suppress IS
    'No more mail to this address, nor to others of its mailbox (tags behind + and -, dots and case do not count), until then; null: until outpost.unsuppress';
