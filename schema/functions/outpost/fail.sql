CREATE OR REPLACE FUNCTION outpost.fail(message bigint, recipient text DEFAULT NULL, reason text DEFAULT 'given up by the operator') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    UPDATE outpost_private.recipient r
    SET state = 'failed', finished_at = clock_timestamp(), next_attempt_at = NULL, last_error = 'policy', last_status = '5.7.0',
        last_reply = reason, last_reply_code = NULL,
        report = CASE WHEN r.notify = '' OR r.notify LIKE '%FAILURE%' THEN 'failed' END
    WHERE r.message_id = message AND r.number = ANY (numbers);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM outpost_private.free_content(ARRAY[message]);
    PERFORM pg_notify('outpost_report', '');
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.fail IS 'Gives recipients up and tells the sender (a failure DSN, where the sender wants one)';
