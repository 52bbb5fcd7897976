CREATE OR REPLACE VIEW outpost.queue AS
SELECT r.message_id, r.number, m.account, m.mail_from, r.address, r.domain, r.state, r.attempts, r.next_attempt_at,
    m.submitted_at, m.size, m.tag, r.last_error, r.last_status, r.last_reply, r.uncertain, r.hold_reason, r.held_by,
    n.name AS node, r.stage, r.transport_override, m.require_tls
FROM outpost_private.recipient r
JOIN outpost_private.message m ON m.id = r.message_id
LEFT JOIN outpost_private.node n ON r.state = 'leased' AND n.id = r.lease_node
WHERE r.finished_at IS NULL;

COMMENT ON VIEW outpost.queue IS 'What has not come to an end: recipients waiting, held or in flight';
COMMENT ON COLUMN outpost.queue.message_id IS 'The message';
COMMENT ON COLUMN outpost.queue.number IS 'Number of the recipient within its message';
COMMENT ON COLUMN outpost.queue.account IS 'Account that submitted the message';
COMMENT ON COLUMN outpost.queue.mail_from IS 'Envelope sender';
COMMENT ON COLUMN outpost.queue.address IS 'Envelope recipient';
COMMENT ON COLUMN outpost.queue.domain IS 'Domain of the recipient';
COMMENT ON COLUMN outpost.queue.state IS 'queued, leased or held';
COMMENT ON COLUMN outpost.queue.attempts IS 'Attempts begun so far';
COMMENT ON COLUMN outpost.queue.next_attempt_at IS 'When it is due';
COMMENT ON COLUMN outpost.queue.submitted_at IS 'When the message was accepted';
COMMENT ON COLUMN outpost.queue.size IS 'Octets of the message';
COMMENT ON COLUMN outpost.queue.tag IS 'Class given at submission';
COMMENT ON COLUMN outpost.queue.last_error IS 'Kind of the last error';
COMMENT ON COLUMN outpost.queue.last_status IS 'Enhanced status of the last attempt';
COMMENT ON COLUMN outpost.queue.last_reply IS 'What the remote server said last';
COMMENT ON COLUMN outpost.queue.uncertain IS 'It may have been delivered already';
COMMENT ON COLUMN outpost.queue.hold_reason IS 'Why it is held';
COMMENT ON COLUMN outpost.queue.held_by IS 'Who holds it';
COMMENT ON COLUMN outpost.queue.node IS 'Node that has it in flight';
COMMENT ON COLUMN outpost.queue.stage IS 'How far the delivery in flight is';
COMMENT ON COLUMN outpost.queue.transport_override IS 'Transport set by an operator';
COMMENT ON COLUMN outpost.queue.require_tls IS 'REQUIRETLS (true), TLS-Required: No (false) or neither';
