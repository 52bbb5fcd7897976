CREATE OR REPLACE VIEW outpost.attempts WITH (security_barrier) AS
SELECT message_id, number, attempt, started_at, duration, outcome, stage, node, route_list, route_index, route_name,
    route_reason, transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher, tls_verified, tls_requirement,
    error_kind, reply_code, status, reply, config_version, transcript, tls_policy, tls_result
FROM outpost_private.attempt;

COMMENT ON VIEW outpost.attempts IS 'Every delivery attempt, one row for each recipient';
COMMENT ON COLUMN outpost.attempts.message_id IS 'The message';
COMMENT ON COLUMN outpost.attempts.number IS 'Number of the recipient within its message';
COMMENT ON COLUMN outpost.attempts.attempt IS 'Number of the attempt, from 1';
COMMENT ON COLUMN outpost.attempts.started_at IS 'When it began';
COMMENT ON COLUMN outpost.attempts.duration IS 'Seconds it took';
COMMENT ON COLUMN outpost.attempts.outcome IS 'delivered, deferred, failed, held, interrupted (its node died), late (its lease was lost before it ended)';
COMMENT ON COLUMN outpost.attempts.stage IS 'How far it came; final_dot: the reply to the message itself is not known';
COMMENT ON COLUMN outpost.attempts.node IS 'Node that made it';
COMMENT ON COLUMN outpost.attempts.route_list IS 'List with the route that matched: account, domain, global, none, override';
COMMENT ON COLUMN outpost.attempts.route_index IS 'Its place in that list, from 1';
COMMENT ON COLUMN outpost.attempts.route_name IS 'Its name';
COMMENT ON COLUMN outpost.attempts.route_reason IS 'Why it was chosen';
COMMENT ON COLUMN outpost.attempts.transport IS 'Transport used';
COMMENT ON COLUMN outpost.attempts.remote_host IS 'Host that was talked to';
COMMENT ON COLUMN outpost.attempts.remote_ip IS 'Its IP address';
COMMENT ON COLUMN outpost.attempts.remote_port IS 'Its port';
COMMENT ON COLUMN outpost.attempts.tls_version IS 'TLS version reached; empty: in clear';
COMMENT ON COLUMN outpost.attempts.tls_cipher IS 'Cipher suite';
COMMENT ON COLUMN outpost.attempts.tls_verified IS 'The certificate was valid for the host, whether that was required or not';
COMMENT ON COLUMN outpost.attempts.tls_requirement IS 'What TLS had to reach';
COMMENT ON COLUMN outpost.attempts.error_kind IS 'Kind of error';
COMMENT ON COLUMN outpost.attempts.reply_code IS 'SMTP reply code, if the remote spoke';
COMMENT ON COLUMN outpost.attempts.status IS 'Enhanced status (RFC 3463)';
COMMENT ON COLUMN outpost.attempts.reply IS 'The remote server''s words, or ours';
COMMENT ON COLUMN outpost.attempts.config_version IS 'Version of the configuration it ran under';
COMMENT ON COLUMN outpost.attempts.transcript IS 'Commands and replies with times, for what did not succeed; never content or secrets';
COMMENT ON COLUMN outpost.attempts.tls_policy IS 'Who asked for tls_requirement: dane, mta-sts, REQUIRETLS, TLS-Required: No, a transport; in parentheses who only watched; empty: nobody';
COMMENT ON COLUMN outpost.attempts.tls_result IS 'What was reached, what proved it, and what would have failed under a policy that only watches';
