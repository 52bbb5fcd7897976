-- In two parts, each of which has an index.
CREATE OR REPLACE VIEW outpost.history AS
SELECT r.address, m.submitted_at, r.message_id, r.number, m.mail_from, r.state, r.attempts, r.next_attempt_at, r.last_status,
    r.last_reply, r.finished_at, b.received_at AS bounced_at, b.diagnostic AS bounce_reply
FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id
LEFT JOIN outpost_private.bounce b ON b.message_id = r.message_id AND b.number = r.number AND b.action = 'failed'
WHERE r.state <> 'leased'
UNION ALL
SELECT r.address, m.submitted_at, r.message_id, r.number, m.mail_from, r.state, r.attempts, r.next_attempt_at, r.last_status,
    r.last_reply, r.finished_at, b.received_at, b.diagnostic
FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id
LEFT JOIN outpost_private.bounce b ON b.message_id = r.message_id AND b.number = r.number AND b.action = 'failed'
WHERE r.state = 'leased';

COMMENT ON VIEW outpost.history IS 'What became of the mail to an address: to be asked for one address';
COMMENT ON COLUMN outpost.history.address IS 'Envelope recipient';
COMMENT ON COLUMN outpost.history.submitted_at IS 'When the message was accepted';
COMMENT ON COLUMN outpost.history.message_id IS 'The message';
COMMENT ON COLUMN outpost.history.number IS 'Number of the recipient within its message';
COMMENT ON COLUMN outpost.history.mail_from IS 'Envelope sender';
COMMENT ON COLUMN outpost.history.state IS 'queued (waiting), leased (in flight), held (until someone acts), delivered, failed, dropped';
COMMENT ON COLUMN outpost.history.attempts IS 'Delivery attempts begun so far';
COMMENT ON COLUMN outpost.history.next_attempt_at IS 'When it is due, while queued';
COMMENT ON COLUMN outpost.history.last_status IS 'Enhanced status of the last attempt (RFC 3463)';
COMMENT ON COLUMN outpost.history.last_reply IS 'The remote server''s words, or why it could not be asked';
COMMENT ON COLUMN outpost.history.finished_at IS 'When it was delivered, failed or dropped';
COMMENT ON COLUMN outpost.history.bounced_at IS 'When a report came that it failed after all; null: none did';
COMMENT ON COLUMN outpost.history.bounce_reply IS 'What was said then, by the report: a stranger''s text';
