-- What was delivered and came back says so where people look: with the failure reported last.
CREATE OR REPLACE VIEW outpost.recipients AS
SELECT r.message_id, r.number, r.address, r.domain, r.state, r.attempts, r.next_attempt_at, r.last_attempt_at, r.last_error,
    r.last_status, r.last_reply_code, r.last_reply, r.last_transport, r.last_remote_host, r.last_remote_ip,
    r.transport_override, r.uncertain, r.stage, n.name AS node, CASE WHEN r.state = 'leased' THEN r.leased_at END AS leased_at,
    n.lease_until, r.hold_reason, r.held_by, r.held_at, r.notify, r.orcpt, r.report, r.crashes, r.finished_at,
    b.received_at AS bounced_at, b.status AS bounce_status, b.diagnostic AS bounce_reply
FROM outpost_private.recipient r
LEFT JOIN outpost_private.node n ON r.state = 'leased' AND n.id = r.lease_node
LEFT JOIN outpost_private.bounce b ON b.message_id = r.message_id AND b.number = r.number AND b.action = 'failed';

COMMENT ON VIEW outpost.recipients IS 'Every recipient of every message, finished ones included';
COMMENT ON COLUMN outpost.recipients.message_id IS 'The message';
COMMENT ON COLUMN outpost.recipients.number IS 'Number of the recipient within its message, from 1';
COMMENT ON COLUMN outpost.recipients.address IS 'Envelope recipient';
COMMENT ON COLUMN outpost.recipients.domain IS 'Its domain as A-labels, or an address literal';
COMMENT ON COLUMN outpost.recipients.state IS 'queued (waiting), leased (in flight), held (until someone acts), delivered, failed, dropped';
COMMENT ON COLUMN outpost.recipients.attempts IS 'Delivery attempts begun so far';
COMMENT ON COLUMN outpost.recipients.next_attempt_at IS 'When it is due, while queued';
COMMENT ON COLUMN outpost.recipients.last_attempt_at IS 'When the last attempt began';
COMMENT ON COLUMN outpost.recipients.last_error IS 'Kind of the last error: dns, connect, tls, auth, reply_4xx ...';
COMMENT ON COLUMN outpost.recipients.last_status IS 'Enhanced status of the last attempt (RFC 3463)';
COMMENT ON COLUMN outpost.recipients.last_reply_code IS 'SMTP reply code of the last attempt, if the remote spoke';
COMMENT ON COLUMN outpost.recipients.last_reply IS 'The remote server''s words, or why it could not be asked';
COMMENT ON COLUMN outpost.recipients.last_transport IS 'Transport of the last attempt';
COMMENT ON COLUMN outpost.recipients.last_remote_host IS 'Host that the last attempt talked to';
COMMENT ON COLUMN outpost.recipients.last_remote_ip IS 'Its IP address';
COMMENT ON COLUMN outpost.recipients.transport_override IS 'Transport set by an operator; empty: routes decide';
COMMENT ON COLUMN outpost.recipients.uncertain IS 'An attempt sent the final dot and its reply is not known: it may have been delivered';
COMMENT ON COLUMN outpost.recipients.stage IS 'How far the delivery in flight is';
COMMENT ON COLUMN outpost.recipients.node IS 'Node that has it in flight';
COMMENT ON COLUMN outpost.recipients.leased_at IS 'Since when it is in flight';
COMMENT ON COLUMN outpost.recipients.lease_until IS 'When others may take it over, unless its node is heard of before';
COMMENT ON COLUMN outpost.recipients.hold_reason IS 'Why it is held';
COMMENT ON COLUMN outpost.recipients.held_by IS 'Who holds it';
COMMENT ON COLUMN outpost.recipients.held_at IS 'Since when it is held';
COMMENT ON COLUMN outpost.recipients.notify IS 'DSN wishes of the submitter (RFC 3461)';
COMMENT ON COLUMN outpost.recipients.orcpt IS 'Original recipient given by the submitter (RFC 3461)';
COMMENT ON COLUMN outpost.recipients.report IS 'Report to the sender that is about to be written';
COMMENT ON COLUMN outpost.recipients.crashes IS
    'Attempts in a row during which the node, or the process of the plugin, died';
COMMENT ON COLUMN outpost.recipients.finished_at IS 'When it was delivered, failed or dropped';
COMMENT ON COLUMN outpost.recipients.bounced_at IS 'When a report came that it failed after all; null: none did';
COMMENT ON COLUMN outpost.recipients.bounce_status IS 'Enhanced status in that report';
COMMENT ON COLUMN outpost.recipients.bounce_reply IS 'What was said then, by the report: a stranger''s text';
