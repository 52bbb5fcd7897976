CREATE OR REPLACE FUNCTION outpost.hold(message bigint, recipient text DEFAULT NULL, reason text DEFAULT '') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    UPDATE outpost_private.recipient r
    SET state = 'held', hold_reason = reason, held_by = session_user, held_at = clock_timestamp()
    WHERE r.message_id = message AND r.number = ANY (numbers) AND r.state = 'queued';
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.hold IS 'Keeps waiting recipients of a message (or one, by address) from being tried, until released';
