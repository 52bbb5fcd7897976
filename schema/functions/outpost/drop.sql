CREATE OR REPLACE FUNCTION outpost.drop(message bigint, recipient text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    UPDATE outpost_private.recipient r
    SET state = 'dropped', finished_at = clock_timestamp(), next_attempt_at = NULL, report = NULL
    WHERE r.message_id = message AND r.number = ANY (numbers);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM outpost_private.free_content(ARRAY[message]);
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.drop IS 'Gives recipients up and tells nobody';
