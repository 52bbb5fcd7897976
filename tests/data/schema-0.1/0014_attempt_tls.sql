-- Of every attempt: who asked for its TLS requirement, and what was reached. Empty for attempts before this step, and
-- where nobody asked and nothing was reached.
ALTER TABLE outpost_private.attempt
    ADD COLUMN tls_policy text NOT NULL DEFAULT '',
    ADD COLUMN tls_result text NOT NULL DEFAULT '';

CREATE OR REPLACE VIEW outpost.attempts WITH (security_barrier) AS
SELECT message_id, number, attempt, started_at, duration, outcome, stage, node, route_list, route_index, route_name,
    route_reason, transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher, tls_verified, tls_requirement,
    error_kind, reply_code, status, reply, config_version, transcript, tls_policy, tls_result
FROM outpost_private.attempt;
COMMENT ON COLUMN outpost.attempts.tls_policy IS 'Who asked for tls_requirement: dane, mta-sts, REQUIRETLS, TLS-Required: No, a transport; in parentheses who only watched; empty: nobody';
COMMENT ON COLUMN outpost.attempts.tls_result IS 'What was reached, what proved it, and what would have failed under a policy that only watches';
