CREATE OR REPLACE FUNCTION outpost.retry_now(message bigint, recipient text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    UPDATE outpost_private.recipient r SET next_attempt_at = clock_timestamp()
    WHERE r.message_id = message AND r.number = ANY (numbers) AND r.state = 'queued';
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM pg_notify('outpost_work', '');
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.retry_now IS 'Makes waiting recipients due now';
