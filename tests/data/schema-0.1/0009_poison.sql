-- What a process may have died of: counted only against those whose delivery had begun.

-- Its node died while it had this recipient, whether its delivery had begun or not. The next attempt is
-- noted in the database before it begins: who kills at once would otherwise never have a stage.
ALTER TABLE outpost_private.recipient ADD COLUMN interrupted boolean NOT NULL DEFAULT false;

-- As in 0002, but for the strikes: a node that dies takes nobody down with it who only waited for his turn
-- (his stage is empty), so that neither a poison message nor quick kills put innocents on hold. Stages reach
-- the database within a few hundred milliseconds.
CREATE OR REPLACE FUNCTION outpost_private.take_over(uncertain_delay interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    taken integer;
BEGIN
    -- What is judged is what the lock was taken on: a final dot noted a moment ago counts.
    WITH lost AS (
        SELECT r.message_id, r.number, n.name AS node, n.config_version, r.attempts, r.leased_at, r.stage, r.on_uncertain,
            r.crashes + (r.stage <> '')::integer AS crashes
        FROM outpost_private.recipient r JOIN outpost_private.node n ON n.id = r.lease_node
        WHERE r.state = 'leased' AND n.lease_until <= clock_timestamp()
        LIMIT most FOR UPDATE OF r SKIP LOCKED
    ), judged AS (
        SELECT l.message_id, l.number, l.node, l.config_version, l.attempts, l.leased_at, l.stage, l.crashes,
            l.stage = 'final_dot' AS unknown, l.stage <> '' AS begun,
            CASE WHEN l.stage = 'final_dot' AND l.on_uncertain = 'hold' THEN 'held'
                 WHEN l.stage = 'final_dot' AND l.on_uncertain = 'assume_delivered' THEN 'delivered'
                 WHEN l.stage <> '' AND l.crashes >= 3 THEN 'held'
                 ELSE 'queued' END AS new_state,
            CASE WHEN l.crashes >= 3 THEN 'poison: the server died in three attempts in a row'
                 ELSE 'uncertain: the server died between the final dot and its reply' END AS reason
        FROM lost l
    ), changed AS (
        UPDATE outpost_private.recipient r SET
            state = j.new_state,
            crashes = j.crashes,
            interrupted = true,
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
            last_reply = 'node ' || j.node || ' died ' || CASE WHEN j.begun THEN 'during' ELSE 'before' END || ' the attempt',
            lease_node = NULL,
            stage = ''
        FROM judged j WHERE r.message_id = j.message_id AND r.number = j.number
        RETURNING r.message_id, r.number, j.attempts, j.leased_at, j.node, j.config_version, j.stage, j.begun
    )
    INSERT INTO outpost_private.attempt (message_id, number, attempt, started_at, duration, node, route_list,
        route_index, route_name, route_reason, transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher,
        tls_verified, tls_requirement, stage, outcome, error_kind, reply_code, status, reply, config_version, transcript)
    SELECT message_id, number, attempts, leased_at, extract(epoch FROM clock_timestamp() - leased_at), node, '', 0, '', '',
        '', '', '', 0, '', '', false, '', CASE WHEN stage = '' THEN 'leased' ELSE stage END, 'interrupted', 'local', NULL,
        '4.3.0', 'the node died ' || CASE WHEN begun THEN 'during' ELSE 'before' END || ' the attempt', config_version, ''
    FROM changed;
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END $$;

COMMENT ON COLUMN outpost.recipients.crashes IS
    'Attempts in a row during which the node, or the process of the plugin, died';
