CREATE OR REPLACE VIEW outpost.bounces AS
SELECT message_id, number, address, domain, account, action, status, diagnostic, remote_mta, reporting_mta, first_received_at,
    received_at, times, reported_at
FROM outpost_private.bounce;

COMMENT ON VIEW outpost.bounces IS 'What reports that came back after delivery say of recipients; texts are of strangers';
COMMENT ON COLUMN outpost.bounces.message_id IS 'The message that was sent';
COMMENT ON COLUMN outpost.bounces.number IS 'Number of its recipient';
COMMENT ON COLUMN outpost.bounces.address IS 'The recipient, as mail was sent to it';
COMMENT ON COLUMN outpost.bounces.domain IS 'Its domain, A-labels, or an address literal';
COMMENT ON COLUMN outpost.bounces.account IS 'Account that sent the message';
COMMENT ON COLUMN outpost.bounces.action IS
    'failed, delayed, delivered, relayed or expanded (RFC 3464); unrecognised when something else came back';
COMMENT ON COLUMN outpost.bounces.status IS 'Enhanced status in the report; empty when there was none';
COMMENT ON COLUMN outpost.bounces.diagnostic IS 'What the remote MTA said, by the report';
COMMENT ON COLUMN outpost.bounces.remote_mta IS 'The server that said it, by the report';
COMMENT ON COLUMN outpost.bounces.reporting_mta IS 'The server that wrote the report';
COMMENT ON COLUMN outpost.bounces.first_received_at IS 'When the first such report for this recipient came';
COMMENT ON COLUMN outpost.bounces.received_at IS 'When the last one came, from which status and texts are';
COMMENT ON COLUMN outpost.bounces.times IS 'How many came';
COMMENT ON COLUMN outpost.bounces.reported_at IS 'When the sender was told of it; null: not (yet), or it did not want to be';
