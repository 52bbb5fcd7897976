-- Who signed a message by DKIM (RFC 6376): told to people, and the mark of what is still to be signed.

-- Mail is signed where it is accepted, by the server, which has the keys. What outpost.enqueue takes in is signed by the node
-- that attempts it first: such a row begins without signed_by, and whoever changes that from null has signed for all
-- (core/queue/signing.cpp). What is there already was accepted by versions that left it as it is.
ALTER TABLE outpost_private.message ADD COLUMN signed_by text DEFAULT '';
ALTER TABLE outpost_private.message ALTER COLUMN signed_by DROP DEFAULT;

CREATE OR REPLACE VIEW outpost.messages AS
SELECT m.id AS message_id, m.submitted_at, m.account, m.mail_from, m.message_id AS header_message_id, m.size, m.tag,
    m.source, m.client, m.envid, m.require_tls, m.eightbit, m.smtputf8, m.idempotency_key,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id) AS recipients,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id AND r.finished_at IS NULL) AS open_recipients,
    m.require_tls_by, m.require_tls_at, m.signed_by
FROM outpost_private.message m;
COMMENT ON COLUMN outpost.messages.signed_by IS 'Domain and selectors of its DKIM signatures by us; empty: it has none; null: mail from SQL that no node with keys has attempted yet';
