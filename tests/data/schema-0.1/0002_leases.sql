-- Leases: taking over what dead nodes held, and tidying up. Called by the servers.

-- Gives up the leases of nodes whose own lease ran out. An attempt that had not sent its final dot is
-- due again; one that had is uncertain, and treated as its route asked. A recipient whose node died
-- under it three times in a row is held: whatever it does to the server, it does it no fourth time.
-- The lease token stays, so that the old holder's result still counts if it arrives before anyone else
-- claims the recipient. Returns how many recipients were taken over.
CREATE FUNCTION outpost_private.take_over(uncertain_delay interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    -- What is judged is what the lock was taken on: a final dot noted a moment ago counts.
    WITH lost AS (
        SELECT r.message_id, r.number, n.name AS node, n.config_version, r.attempts, r.leased_at, r.stage, r.on_uncertain, r.crashes
        FROM outpost_private.recipient r JOIN outpost_private.node n ON n.id = r.lease_node
        WHERE r.state = 'leased' AND n.lease_until <= clock_timestamp()
        LIMIT most FOR UPDATE OF r SKIP LOCKED
    ), judged AS (
        SELECT l.message_id, l.number, l.node, l.config_version, l.attempts, l.leased_at, l.stage, l.stage = 'final_dot' AS unknown,
            CASE WHEN l.stage = 'final_dot' AND l.on_uncertain = 'hold' THEN 'held'
                 WHEN l.stage = 'final_dot' AND l.on_uncertain = 'assume_delivered' THEN 'delivered'
                 WHEN l.crashes >= 2 THEN 'held'
                 ELSE 'queued' END AS new_state,
            CASE WHEN l.crashes >= 2 THEN 'poison: the server died in three attempts in a row'
                 ELSE 'uncertain: the server died between the final dot and its reply' END AS reason
        FROM lost l
    ), changed AS (
        UPDATE outpost_private.recipient r SET
            state = j.new_state,
            crashes = r.crashes + 1,
            uncertain = r.uncertain OR j.unknown,
            next_attempt_at = CASE WHEN j.new_state = 'queued'
                THEN clock_timestamp() + CASE WHEN j.unknown THEN uncertain_delay ELSE '0' END END,
            hold_reason = CASE WHEN j.new_state = 'held' THEN j.reason ELSE '' END,
            held_by = CASE WHEN j.new_state = 'held' THEN 'outpost' ELSE '' END,
            held_at = CASE WHEN j.new_state = 'held' THEN clock_timestamp() END,
            finished_at = CASE WHEN j.new_state = 'delivered' THEN clock_timestamp() END,
            last_attempt_at = j.leased_at,
            last_error = 'local',
            last_status = '4.3.0',
            last_reply = 'node ' || j.node || ' died during the attempt',
            lease_node = NULL,
            stage = ''
        FROM judged j WHERE r.message_id = j.message_id AND r.number = j.number
        RETURNING r.message_id, r.number, j.attempts, j.leased_at, j.node, j.config_version, j.stage
    )
    INSERT INTO outpost_private.attempt (message_id, number, attempt, started_at, duration, node, route_list,
        route_index, route_name, route_reason, transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher,
        tls_verified, tls_requirement, stage, outcome, error_kind, reply_code, status, reply, config_version, transcript)
    SELECT message_id, number, attempts, leased_at, extract(epoch FROM clock_timestamp() - leased_at), node, '', 0, '', '',
        '', '', '', 0, '', '', false, '', CASE WHEN stage = '' THEN 'leased' ELSE stage END, 'interrupted', 'local', NULL,
        '4.3.0', 'the node died during the attempt', config_version, ''
    FROM changed;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END $$;

-- Frees the bodies of these messages where no recipient needs them any more.
CREATE FUNCTION outpost_private.free_content(messages bigint[]) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM outpost_private.content c
    WHERE c.message_id = ANY (messages)
      AND NOT EXISTS (SELECT FROM outpost_private.recipient r
                      WHERE r.message_id = c.message_id
                        AND (r.finished_at IS NULL OR r.report IS NOT NULL))
$$;

-- Deletes what finished longer ago than `age`, up to `most` recipients, and messages left without any.
-- One node at a time: two that delete the last two recipients of a message would each leave the message
-- to the other. Returns how many recipients were deleted: call again while that is `most`.
CREATE FUNCTION outpost_private.expire(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
    deleted integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outpost_private.expire')) THEN
        RETURN 0;
    END IF;
    WITH old AS (
        SELECT message_id, number FROM outpost_private.recipient
        WHERE finished_at < clock_timestamp() - age AND report IS NULL
        ORDER BY finished_at LIMIT most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM outpost_private.recipient r USING old
        WHERE r.message_id = old.message_id AND r.number = old.number RETURNING r.message_id
    )
    SELECT array_agg(DISTINCT message_id), count(*) INTO touched, deleted FROM gone;

    DELETE FROM outpost_private.content c WHERE c.message_id = ANY (touched)
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.message_id = c.message_id);
    DELETE FROM outpost_private.message m WHERE m.id = ANY (touched)
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.message_id = m.id);
    DELETE FROM outpost_private.node n WHERE n.lease_until < clock_timestamp() - age
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.lease_node = n.id AND r.state = 'leased');
    RETURN deleted;
END $$;

-- Attempts, double bounces and notes of configurations are kept for a time of their own, longer than the
-- messages: they are what questions are asked about later. Returns how many attempts were deleted.
CREATE FUNCTION outpost_private.expire_history(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    deleted integer;
BEGIN
    DELETE FROM outpost_private.double_bounce WHERE noted_at < clock_timestamp() - age;
    DELETE FROM outpost_private.configuration WHERE loaded_at < clock_timestamp() - age;
    DELETE FROM outpost_private.attempt WHERE id IN (
        SELECT id FROM outpost_private.attempt WHERE started_at < clock_timestamp() - age LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;
