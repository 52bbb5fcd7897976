-- What people and programs read. Stable: columns are added, never changed or removed. No bodies.

CREATE VIEW outpost.messages WITH (security_barrier) AS
SELECT m.id AS message_id, m.submitted_at, m.account, m.mail_from, m.message_id AS header_message_id, m.size, m.tag,
    m.source, m.client, m.envid, m.require_tls, m.eightbit, m.smtputf8, m.idempotency_key,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id) AS recipients,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id AND r.finished_at IS NULL) AS open_recipients
FROM outpost_private.message m;
COMMENT ON VIEW outpost.messages IS 'Every message that is in the queue or finished not too long ago';
COMMENT ON COLUMN outpost.messages.message_id IS 'The id of the message, as in "queued as ..."';
COMMENT ON COLUMN outpost.messages.submitted_at IS 'When it was accepted';
COMMENT ON COLUMN outpost.messages.account IS 'Account that submitted it; empty for system mail and plain relaying';
COMMENT ON COLUMN outpost.messages.mail_from IS 'Envelope sender; empty for the null reverse-path of reports';
COMMENT ON COLUMN outpost.messages.header_message_id IS 'Value of its Message-ID field';
COMMENT ON COLUMN outpost.messages.size IS 'Octets of header and body';
COMMENT ON COLUMN outpost.messages.tag IS 'Class given at submission';
COMMENT ON COLUMN outpost.messages.source IS 'How it came in: submission, relay, sql, or dsn';
COMMENT ON COLUMN outpost.messages.client IS 'Who handed it in: address and EHLO name';
COMMENT ON COLUMN outpost.messages.envid IS 'Envelope id of the submitter (RFC 3461)';
COMMENT ON COLUMN outpost.messages.require_tls IS 'true: REQUIRETLS; false: TLS-Required: No (RFC 8689); null: neither';
COMMENT ON COLUMN outpost.messages.eightbit IS 'It has octets above 127';
COMMENT ON COLUMN outpost.messages.smtputf8 IS 'It was submitted with SMTPUTF8';
COMMENT ON COLUMN outpost.messages.idempotency_key IS 'Key that makes a repeated hand-over return this message';
COMMENT ON COLUMN outpost.messages.recipients IS 'Number of recipients';
COMMENT ON COLUMN outpost.messages.open_recipients IS 'Recipients that have not come to an end';

CREATE VIEW outpost.recipients WITH (security_barrier) AS
SELECT r.message_id, r.number, r.address, r.domain, r.state, r.attempts, r.next_attempt_at, r.last_attempt_at, r.last_error,
    r.last_status, r.last_reply_code, r.last_reply, r.last_transport, r.last_remote_host, r.last_remote_ip,
    r.transport_override, r.uncertain, r.stage, n.name AS node, CASE WHEN r.state = 'leased' THEN r.leased_at END AS leased_at,
    n.lease_until, r.hold_reason, r.held_by, r.held_at, r.notify, r.orcpt, r.report, r.crashes, r.finished_at
FROM outpost_private.recipient r
LEFT JOIN outpost_private.node n ON r.state = 'leased' AND n.id = r.lease_node;
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
COMMENT ON COLUMN outpost.recipients.crashes IS 'Attempts in a row during which the node died';
COMMENT ON COLUMN outpost.recipients.finished_at IS 'When it was delivered, failed or dropped';

CREATE VIEW outpost.queue WITH (security_barrier) AS
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

CREATE VIEW outpost.uncertain WITH (security_barrier) AS SELECT * FROM outpost.queue WHERE uncertain OR stage = 'final_dot';
COMMENT ON VIEW outpost.uncertain IS 'Recipients that may have been delivered: the final dot was sent, its reply is not recorded. Columns as in outpost.queue';

CREATE VIEW outpost.attempts WITH (security_barrier) AS
SELECT message_id, number, attempt, started_at, duration, outcome, stage, node, route_list, route_index, route_name,
    route_reason, transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher, tls_verified, tls_requirement,
    error_kind, reply_code, status, reply, config_version, transcript
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

CREATE VIEW outpost.domains WITH (security_barrier) AS
SELECT domain,
    count(*) FILTER (WHERE state = 'queued') AS queued,
    count(*) FILTER (WHERE state = 'leased') AS in_flight,
    count(*) FILTER (WHERE state = 'held') AS held,
    min(next_attempt_at) FILTER (WHERE state = 'queued') AS next_attempt_at,
    max(last_attempt_at) AS last_attempt_at,
    (array_agg(last_reply ORDER BY last_attempt_at DESC NULLS LAST))[1] AS last_reply
FROM outpost_private.recipient WHERE finished_at IS NULL GROUP BY domain;
COMMENT ON VIEW outpost.domains IS 'The queue by recipient domain';
COMMENT ON COLUMN outpost.domains.domain IS 'Recipient domain';
COMMENT ON COLUMN outpost.domains.queued IS 'Recipients waiting';
COMMENT ON COLUMN outpost.domains.in_flight IS 'Recipients being delivered now';
COMMENT ON COLUMN outpost.domains.held IS 'Recipients on hold';
COMMENT ON COLUMN outpost.domains.next_attempt_at IS 'When the first of them is due';
COMMENT ON COLUMN outpost.domains.last_attempt_at IS 'Last attempt made for any of them';
COMMENT ON COLUMN outpost.domains.last_reply IS 'What was said then';

CREATE VIEW outpost.nodes WITH (security_barrier) AS
SELECT n.name, n.hostname, n.program, n.config_version, n.started_at, n.heartbeat_at, n.lease_until,
    CASE WHEN n.stopped_at IS NOT NULL THEN 'stopped' WHEN n.lease_until > clock_timestamp() THEN 'alive' ELSE 'lost' END AS state,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.state = 'leased' AND r.lease_node = n.id) AS in_flight
FROM outpost_private.node n;
COMMENT ON VIEW outpost.nodes IS 'Runs of server processes';
COMMENT ON COLUMN outpost.nodes.name IS 'Name of the node';
COMMENT ON COLUMN outpost.nodes.hostname IS 'What it calls itself in SMTP';
COMMENT ON COLUMN outpost.nodes.program IS 'Version of the program';
COMMENT ON COLUMN outpost.nodes.config_version IS 'Version of the configuration in use';
COMMENT ON COLUMN outpost.nodes.started_at IS 'When it started';
COMMENT ON COLUMN outpost.nodes.heartbeat_at IS 'When it was last heard of';
COMMENT ON COLUMN outpost.nodes.lease_until IS 'When others take over what it holds, unless heard of before';
COMMENT ON COLUMN outpost.nodes.state IS 'alive, lost (its leases ran out) or stopped';
COMMENT ON COLUMN outpost.nodes.in_flight IS 'Recipients it holds';

CREATE VIEW outpost.accounts WITH (security_barrier) AS
SELECT a.name, a.addresses, a.domains, a.any_sender,
    (SELECT count(*) FROM outpost_private.message m JOIN outpost_private.recipient r ON r.message_id = m.id
     WHERE m.account = a.name AND r.finished_at IS NULL) AS queued
FROM outpost_private.account a;
COMMENT ON VIEW outpost.accounts IS 'Accounts of the configuration';
COMMENT ON COLUMN outpost.accounts.name IS 'Name of the account';
COMMENT ON COLUMN outpost.accounts.addresses IS 'Addresses it may send from';
COMMENT ON COLUMN outpost.accounts.domains IS 'Domains it may send from';
COMMENT ON COLUMN outpost.accounts.any_sender IS 'It may send as anyone';
COMMENT ON COLUMN outpost.accounts.queued IS 'Its recipients that have not come to an end';

CREATE VIEW outpost.double_bounces WITH (security_barrier) AS
SELECT message_id, number, address, status, reply, noted_at FROM outpost_private.double_bounce;
COMMENT ON VIEW outpost.double_bounces IS 'Failures of mail with a null reverse-path: nobody could be told';
COMMENT ON COLUMN outpost.double_bounces.message_id IS 'The message';
COMMENT ON COLUMN outpost.double_bounces.number IS 'Number of the recipient';
COMMENT ON COLUMN outpost.double_bounces.address IS 'The recipient';
COMMENT ON COLUMN outpost.double_bounces.status IS 'Enhanced status';
COMMENT ON COLUMN outpost.double_bounces.reply IS 'What was said';
COMMENT ON COLUMN outpost.double_bounces.noted_at IS 'When';

CREATE VIEW outpost.configurations WITH (security_barrier) AS
SELECT version, node, loaded_at FROM outpost_private.configuration;
COMMENT ON VIEW outpost.configurations IS 'Which node loaded which configuration when; attempts name the version';
COMMENT ON COLUMN outpost.configurations.version IS 'Hash of the configuration file';
COMMENT ON COLUMN outpost.configurations.node IS 'Name of the node';
COMMENT ON COLUMN outpost.configurations.loaded_at IS 'When it was loaded';

-- The columns of outpost.uncertain say what those of outpost.queue say.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attname, col_description('outpost.queue'::regclass, a.attnum) AS said
             FROM pg_attribute a WHERE a.attrelid = 'outpost.queue'::regclass AND a.attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN outpost.uncertain.%I IS %L', c.attname, c.said);
    END LOOP;
END $$;
