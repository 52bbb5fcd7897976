-- What operators do to the queue, in SQL. Each function returns the number of recipients it changed.
-- A recipient in flight is never changed under the server's feet: then nothing is changed, and the
-- error says which node has it and since when.

-- Locks the open recipients of a message (or the one named) and returns their numbers.
CREATE FUNCTION outpost_private.lock_open(message bigint, only_recipient text) RETURNS integer[]
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    numbers integer[] := '{}';
BEGIN
    -- The message before its recipients, as those do who write reports.
    PERFORM FROM outpost_private.message m WHERE m.id = message FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no message %', message
            USING ERRCODE = 'no_data_found', HINT = 'Look in outpost.messages; finished messages are deleted after a while.';
    END IF;
    FOR r IN SELECT q.number, q.address, q.state, q.leased_at, n.name AS node
             FROM outpost_private.recipient q LEFT JOIN outpost_private.node n ON n.id = q.lease_node
             WHERE q.message_id = message AND q.finished_at IS NULL
               AND (only_recipient IS NULL OR q.address = only_recipient)
             ORDER BY q.number FOR UPDATE OF q LOOP
        IF r.state = 'leased' THEN
            RAISE EXCEPTION 'recipient % of message % is in flight on node % since %', r.address, message, r.node, r.leased_at
                USING ERRCODE = 'object_in_use',
                      HINT = 'Nothing was changed. Try again when the attempt has ended: outpost.recipients shows its state.';
        END IF;
        numbers := numbers || r.number;
    END LOOP;
    RETURN numbers;
END $$;

CREATE FUNCTION outpost.hold(message bigint, recipient text DEFAULT NULL, reason text DEFAULT '') RETURNS integer
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

CREATE FUNCTION outpost.release(message bigint, recipient text DEFAULT NULL) RETURNS integer
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

CREATE FUNCTION outpost.retry_now(message bigint, recipient text DEFAULT NULL) RETURNS integer
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

CREATE FUNCTION outpost.fail(message bigint, recipient text DEFAULT NULL, reason text DEFAULT 'given up by the operator') RETURNS integer
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

CREATE FUNCTION outpost.drop(message bigint, recipient text DEFAULT NULL) RETURNS integer
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

CREATE FUNCTION outpost.set_transport(message bigint, transport text, recipient text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    IF transport <> '' AND NOT EXISTS (SELECT FROM outpost_private.transport t WHERE t.name = transport) THEN
        RAISE EXCEPTION 'there is no transport %', quote_literal(transport)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Configured are: ' || coalesce((SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM outpost_private.transport t), 'none');
    END IF;
    UPDATE outpost_private.recipient r SET transport_override = transport
    WHERE r.message_id = message AND r.number = ANY (numbers);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
COMMENT ON FUNCTION outpost.set_transport IS 'Uses this transport whatever the routes say; the empty name ends that';

CREATE FUNCTION outpost.set_require_tls(message bigint, require_tls boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, NULL);
BEGIN
    UPDATE outpost_private.message m SET require_tls = set_require_tls.require_tls WHERE m.id = message;
    RETURN cardinality(numbers);
END $$;
COMMENT ON FUNCTION outpost.set_require_tls IS 'true: only over verified TLS (REQUIRETLS); false: ignore TLS failures; null: as the policies say. From the next attempt on';
