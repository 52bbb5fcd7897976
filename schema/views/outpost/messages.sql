-- What people and programs read. Stable: columns are added, never changed or removed. No bodies.
-- No security barrier, here and in the views of the queue: a barrier keeps functions in a question from rows
-- that a view leaves out, and indexes from being used in joins. These views keep nothing secret but columns.
CREATE OR REPLACE VIEW outpost.messages AS
SELECT m.id AS message_id, m.submitted_at, m.account, m.mail_from, m.message_id AS header_message_id, m.size, m.tag,
    m.source, m.client, m.envid, m.require_tls, m.eightbit, m.smtputf8, m.idempotency_key,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id) AS recipients,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id AND r.finished_at IS NULL) AS open_recipients,
    m.require_tls_by, m.require_tls_at, m.signed_by
FROM outpost_private.message m;

COMMENT ON VIEW outpost.messages IS 'Every message that is in the queue or finished not too long ago';
COMMENT ON COLUMN outpost.messages.message_id IS 'The id of the message, as in "queued as ..."';
COMMENT ON COLUMN outpost.messages.submitted_at IS 'When it was accepted';
COMMENT ON COLUMN outpost.messages.account IS 'Account that submitted it; empty for system mail and plain relaying';
COMMENT ON COLUMN outpost.messages.mail_from IS 'Envelope sender; empty for the null reverse-path of reports';
COMMENT ON COLUMN outpost.messages.header_message_id IS 'Value of its Message-ID field';
COMMENT ON COLUMN outpost.messages.size IS 'Octets of header and body';
COMMENT ON COLUMN outpost.messages.tag IS 'Class given at submission';
COMMENT ON COLUMN outpost.messages.source IS 'How it came in: submission, relay, sql, dsn, or tlsrpt';
COMMENT ON COLUMN outpost.messages.client IS 'Who handed it in: address and EHLO name';
COMMENT ON COLUMN outpost.messages.envid IS 'Envelope id of the submitter (RFC 3461)';
COMMENT ON COLUMN outpost.messages.require_tls IS 'true: REQUIRETLS; false: TLS-Required: No (RFC 8689); null: neither';
COMMENT ON COLUMN outpost.messages.eightbit IS 'It has octets above 127';
COMMENT ON COLUMN outpost.messages.smtputf8 IS 'It was submitted with SMTPUTF8';
COMMENT ON COLUMN outpost.messages.idempotency_key IS 'Key that makes a repeated hand-over return this message';
COMMENT ON COLUMN outpost.messages.recipients IS 'Number of recipients';
COMMENT ON COLUMN outpost.messages.open_recipients IS 'Recipients that have not come to an end';
COMMENT ON COLUMN outpost.messages.require_tls_by IS 'Who changed require_tls by outpost.set_require_tls, last';
COMMENT ON COLUMN outpost.messages.require_tls_at IS 'When that was';
COMMENT ON COLUMN outpost.messages.signed_by IS 'Domain and selectors of its DKIM signatures by us; empty: it has none; null: mail from SQL that no node with keys has attempted yet';
