CREATE OR REPLACE FUNCTION outpost.release(message bigint, recipient text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    UPDATE outpost_private.recipient r
    SET state = 'queued', hold_reason = '', held_by = '', held_at = NULL, crashes = 0,
        next_attempt_at = coalesce(r.next_attempt_at, clock_timestamp())
    WHERE r.message_id = message AND r.number = ANY (numbers) AND r.state = 'held';
    GET DIAGNOSTICS changed = ROW_COUNT;
    -- It has its whole time for retries from now on, however long it was held.
    UPDATE outpost_private.message m SET due_from = greatest(m.due_from, clock_timestamp()) WHERE m.id = message AND changed > 0;
    PERFORM pg_notify('outpost_work', '');
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.release IS 'Ends a hold; the recipients are tried when they are due';
