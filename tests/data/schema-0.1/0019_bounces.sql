-- Reports that come back to the return paths of mail that was sent (VERP), and addresses that get no more mail for a time.

-- One row for each thing that was said of a recipient, however often: who got the mail knows its return path and may
-- write to it without end.
CREATE TABLE outpost_private.bounce (
    message_id        bigint NOT NULL,
    number            integer NOT NULL,       -- of the recipient
    action            text NOT NULL CHECK (action IN ('failed', 'delayed', 'delivered', 'relayed', 'expanded', 'unrecognised')),
    address           text NOT NULL,          -- of the recipient, as mail was sent to it; outlives the message
    domain            text NOT NULL,
    account           text NOT NULL,
    status            text NOT NULL,          -- enhanced status, '' when there was none
    diagnostic        text NOT NULL,          -- of strangers
    remote_mta        text NOT NULL,
    reporting_mta     text NOT NULL,
    first_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    received_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- the last one, which the texts are of
    times             integer NOT NULL DEFAULT 1,
    report_owed       boolean NOT NULL DEFAULT false,  -- the sender is to be told, once the delivery is settled
    reported_at       timestamptz,            -- when he was: once of each action
    PRIMARY KEY (message_id, number, action)
);
CREATE INDEX bounce_received ON outpost_private.bounce (received_at);
CREATE INDEX bounce_domain ON outpost_private.bounce (domain, received_at);
CREATE INDEX bounce_owed ON outpost_private.bounce (message_id) WHERE report_owed;

CREATE TABLE outpost_private.suppression (
    key           text PRIMARY KEY,           -- suppression_key(address): what is compared
    address       text NOT NULL,              -- as it was given, domain as A-labels
    domain        text NOT NULL,              -- A-labels, or an address literal with brackets
    reason        text NOT NULL,
    message_id    bigint,                     -- whose failure it was; null: people wanted it
    number        integer,
    suppressed_by text NOT NULL,              -- database role, '' when a failure did it
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    until         timestamptz,                -- null: until somebody takes it out
    CHECK (num_nulls(message_id, number) IN (0, 2))
);
CREATE INDEX suppression_until ON outpost_private.suppression (until) WHERE until IS NOT NULL;
CREATE INDEX suppression_domain ON outpost_private.suppression (domain);

-- Nodes hear of each key at once; of those that end, they find out when they ask.
CREATE FUNCTION outpost_private.tell_suppression() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outpost_suppression', NEW.key);
    RETURN NULL;
END $$;
CREATE TRIGGER suppression_is_told AFTER INSERT OR UPDATE ON outpost_private.suppression
    FOR EACH ROW EXECUTE FUNCTION outpost_private.tell_suppression();

-- As bounce::suppression_key: addresses of one mailbox have one key. It is no address: nothing is quoted.
CREATE FUNCTION outpost_private.suppression_key(address text, domain text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    local_part text := left(address, length(address) - position('@' IN reverse(address)));
    base text;
BEGIN
    IF local_part LIKE '"%"' THEN
        local_part := regexp_replace(substr(local_part, 2, length(local_part) - 2), '\\(.)', '\1', 'g');
    END IF;
    local_part := lower(local_part COLLATE "C");  -- ASCII alone
    base := regexp_replace(local_part, '^([^+]+)[+].*$', '\1');
    base := regexp_replace(base, '^([^-]+)-.*$', '\1');
    base := replace(base, '.', '');
    RETURN coalesce(nullif(base, ''), local_part) || '@' || domain;
END $$;

CREATE FUNCTION outpost.suppress(address text, until timestamptz DEFAULT NULL, reason text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    its_domain text := outpost_private.address_domain(suppress.address, 'recipient');
BEGIN
    IF suppress.until <= clock_timestamp() THEN
        RAISE EXCEPTION 'the suppression would end at %, which has passed', suppress.until
            USING ERRCODE = 'invalid_parameter_value', HINT = 'outpost.unsuppress ends one now.';
    END IF;
    INSERT INTO outpost_private.suppression AS s (key, address, domain, reason, suppressed_by, until)
    VALUES (outpost_private.suppression_key(suppress.address, its_domain),
        outpost_private.with_domain(suppress.address, its_domain), its_domain, coalesce(suppress.reason, ''), session_user, suppress.until)
    ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason, message_id = NULL, number = NULL,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until;
END $$;
COMMENT ON FUNCTION outpost.suppress IS
    'No more mail to this address, nor to others of its mailbox (tags behind + and -, dots and case do not count), until then; null: until outpost.unsuppress';

CREATE FUNCTION outpost.unsuppress(address text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.suppression s
    WHERE s.key = outpost_private.suppression_key(unsuppress.address, outpost_private.address_domain(unsuppress.address, 'recipient'));
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION outpost.unsuppress IS 'Lets mail to this address go again, whoever suppressed it. False when nobody had';

-- Suppresses the addresses of recipients whose mailboxes were refused. An entry that lasts longer stands, above all what
-- people wanted for good. In the order of keys, so that two that do this never wait for each other in a circle.
CREATE FUNCTION outpost_private.suppress_recipients(messages bigint[], numbers integer[], reasons text[], spans interval[])
RETURNS void
LANGUAGE sql AS $$
    INSERT INTO outpost_private.suppression AS s (key, address, domain, reason, message_id, number, suppressed_by, until)
    SELECT DISTINCT ON (1) outpost_private.suppression_key(r.address, r.domain), r.address, r.domain, f.reason, r.message_id,
        r.number, '', clock_timestamp() + f.span
    FROM unnest(messages, numbers, reasons, spans) AS f (m, n, reason, span)
    JOIN outpost_private.recipient r ON r.message_id = f.m AND r.number = f.n
    WHERE f.span > '0' ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason, message_id = excluded.message_id,
        number = excluded.number, suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until
    WHERE s.until < excluded.until
$$;

-- What a report says of a recipient; with a span, his address is suppressed as well. False when the recipient is not
-- known (any more): then nothing is noted. What is suppressed is the address that we sent to, whatever the report calls it.
-- The sender hears of it as RFC 3461 lets him choose (section 4.1), of each action once: whoever got the mail may write to
-- its return path without end. Who has no return path to be told at hears nothing.
CREATE FUNCTION outpost_private.note_bounce(message bigint, recipient integer, action text, status text, diagnostic text,
    remote_mta text, reporting_mta text, suppress_for interval DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    wanted boolean;
BEGIN
    SELECT q.address, q.domain, q.notify, m.account, m.mail_from INTO r
    FROM outpost_private.recipient q JOIN outpost_private.message m ON m.id = q.message_id
    WHERE q.message_id = message AND q.number = recipient;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    wanted := r.mail_from <> '' AND CASE
        WHEN action = 'failed' THEN r.notify = '' OR r.notify LIKE '%FAILURE%'
        WHEN action = 'delayed' THEN r.notify = '' OR r.notify LIKE '%DELAY%'
        WHEN action IN ('delivered', 'relayed', 'expanded') THEN r.notify LIKE '%SUCCESS%'
        ELSE false END;
    INSERT INTO outpost_private.bounce AS b (message_id, number, action, address, domain, account, status, diagnostic, remote_mta,
        reporting_mta, report_owed)
    VALUES (message, recipient, note_bounce.action, r.address, r.domain, r.account, note_bounce.status, note_bounce.diagnostic,
        note_bounce.remote_mta, note_bounce.reporting_mta, wanted)
    ON CONFLICT ON CONSTRAINT bounce_pkey DO UPDATE SET status = excluded.status, diagnostic = excluded.diagnostic,
        remote_mta = excluded.remote_mta, reporting_mta = excluded.reporting_mta, received_at = excluded.received_at,
        times = least(b.times, 2147483646) + 1;
    IF suppress_for IS NOT NULL THEN
        PERFORM outpost_private.suppress_recipients(ARRAY[message], ARRAY[recipient],
            ARRAY[coalesce(nullif(note_bounce.diagnostic, ''), note_bounce.status)], ARRAY[suppress_for]);
    END IF;
    IF wanted THEN
        PERFORM pg_notify('outpost_report', '');
    END IF;
    RETURN true;
END $$;

-- Deletes suppressions that have ended, and bounces of this age. Returns how many rows were deleted.
CREATE FUNCTION outpost_private.expire_bounces(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    ended integer;
    old integer;
BEGIN
    DELETE FROM outpost_private.suppression WHERE key IN (
        SELECT key FROM outpost_private.suppression WHERE until <= clock_timestamp() LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS ended = ROW_COUNT;
    DELETE FROM outpost_private.bounce b USING (
        SELECT message_id, number, action FROM outpost_private.bounce WHERE received_at < clock_timestamp() - age
        LIMIT most FOR UPDATE SKIP LOCKED) AS o
    WHERE b.message_id = o.message_id AND b.number = o.number AND b.action = o.action;
    GET DIAGNOSTICS old = ROW_COUNT;
    RETURN ended + old;
END $$;

CREATE VIEW outpost.bounces AS
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
COMMENT ON COLUMN outpost.bounces.reported_at IS 'When the sender was told of it; null: not (yet), or he did not want to be';

-- What was delivered and came back says so where people look: as before (0003, 0008), with the failure reported last.
CREATE OR REPLACE VIEW outpost.recipients AS
SELECT r.message_id, r.number, r.address, r.domain, r.state, r.attempts, r.next_attempt_at, r.last_attempt_at, r.last_error,
    r.last_status, r.last_reply_code, r.last_reply, r.last_transport, r.last_remote_host, r.last_remote_ip,
    r.transport_override, r.uncertain, r.stage, n.name AS node, CASE WHEN r.state = 'leased' THEN r.leased_at END AS leased_at,
    n.lease_until, r.hold_reason, r.held_by, r.held_at, r.notify, r.orcpt, r.report, r.crashes, r.finished_at,
    b.received_at AS bounced_at, b.status AS bounce_status, b.diagnostic AS bounce_reply
FROM outpost_private.recipient r
LEFT JOIN outpost_private.node n ON r.state = 'leased' AND n.id = r.lease_node
LEFT JOIN outpost_private.bounce b ON b.message_id = r.message_id AND b.number = r.number AND b.action = 'failed';
COMMENT ON COLUMN outpost.recipients.bounced_at IS 'When a report came that it failed after all; null: none did';
COMMENT ON COLUMN outpost.recipients.bounce_status IS 'Enhanced status in that report';
COMMENT ON COLUMN outpost.recipients.bounce_reply IS 'What was said then, by the report: a stranger''s text';

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
COMMENT ON COLUMN outpost.history.bounced_at IS 'When a report came that it failed after all; null: none did';
COMMENT ON COLUMN outpost.history.bounce_reply IS 'What was said then, by the report: a stranger''s text';

CREATE VIEW outpost.suppressions AS
SELECT address, domain, reason, message_id, number, suppressed_by, created_at, until,
    coalesce(until > now(), true) AS in_force, key
FROM outpost_private.suppression;
COMMENT ON VIEW outpost.suppressions IS 'Addresses that get no more mail for a time';
COMMENT ON COLUMN outpost.suppressions.address IS 'The address, as it was given or as mail was sent to it';
COMMENT ON COLUMN outpost.suppressions.domain IS 'Its domain, A-labels, or an address literal';
COMMENT ON COLUMN outpost.suppressions.reason IS 'Why: what the remote said (a stranger''s text), or the words of who suppressed it';
COMMENT ON COLUMN outpost.suppressions.message_id IS 'The message whose failure suppressed it; null when people did';
COMMENT ON COLUMN outpost.suppressions.number IS 'Number of the recipient of that message';
COMMENT ON COLUMN outpost.suppressions.suppressed_by IS 'Database role that suppressed it; empty when a failure did';
COMMENT ON COLUMN outpost.suppressions.created_at IS 'Since when';
COMMENT ON COLUMN outpost.suppressions.until IS 'Until when; null: until outpost.unsuppress';
COMMENT ON COLUMN outpost.suppressions.in_force IS 'Whether it holds now';
COMMENT ON COLUMN outpost.suppressions.key IS 'What is compared: the same for all addresses of a mailbox';

REVOKE ALL ON FUNCTION outpost.suppress, outpost.unsuppress, outpost_private.suppression_key, outpost_private.tell_suppression,
    outpost_private.suppress_recipients, outpost_private.note_bounce, outpost_private.expire_bounces FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.bounces, outpost.suppressions TO outpost_reader, outpost_operator;
    GRANT EXECUTE ON FUNCTION outpost.suppress, outpost.unsuppress TO outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the roles outpost_reader and outpost_operator do not see bounces: they are not there, or not ours to grant to';
END $$;
