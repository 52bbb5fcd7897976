-- What operators do to the queue, in SQL: each such function returns the number of recipients it changed.
-- A recipient in flight is never changed under the server's feet: then nothing is changed, and the
-- error says which node has it and since when.
--
-- Locks the open recipients of a message (or the one named) and returns their numbers.
CREATE OR REPLACE FUNCTION outpost_private.lock_open(message bigint, only_recipient text) RETURNS integer[]
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
