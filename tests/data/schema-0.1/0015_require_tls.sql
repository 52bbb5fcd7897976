-- REQUIRETLS and TLS-Required: No (RFC 8689) in SQL: who changed a message's wish, and the wish that a header states.

ALTER TABLE outpost_private.message
    ADD COLUMN require_tls_by text,         -- who changed require_tls since it was accepted
    ADD COLUMN require_tls_at timestamptz;

CREATE OR REPLACE VIEW outpost.messages AS
SELECT m.id AS message_id, m.submitted_at, m.account, m.mail_from, m.message_id AS header_message_id, m.size, m.tag,
    m.source, m.client, m.envid, m.require_tls, m.eightbit, m.smtputf8, m.idempotency_key,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id) AS recipients,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.message_id = m.id AND r.finished_at IS NULL) AS open_recipients,
    m.require_tls_by, m.require_tls_at
FROM outpost_private.message m;
COMMENT ON COLUMN outpost.messages.require_tls_by IS 'Who changed require_tls by outpost.set_require_tls, last';
COMMENT ON COLUMN outpost.messages.require_tls_at IS 'When that was';

-- It is the message's wish, not a recipient's state, so an attempt in flight does not stand against the change: that one
-- ends as it began. What a node has leased and not begun is told to it, so that the next attempt follows it everywhere.
CREATE OR REPLACE FUNCTION outpost.set_require_tls(message bigint, require_tls boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    open integer;
BEGIN
    PERFORM FROM outpost_private.message m WHERE m.id = message FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no message %', message
            USING ERRCODE = 'no_data_found', HINT = 'Look in outpost.messages; finished messages are deleted after a while.';
    END IF;
    SELECT count(*) INTO open FROM outpost_private.recipient r WHERE r.message_id = message AND r.finished_at IS NULL;
    -- What has come to an end keeps the wish that it was delivered with.
    IF open > 0 THEN
        UPDATE outpost_private.message m SET require_tls = set_require_tls.require_tls,
            require_tls_by = session_user, require_tls_at = clock_timestamp()
        WHERE m.id = message;
        PERFORM pg_notify('outpost_tls', message || ' ' || CASE WHEN require_tls THEN 'yes' WHEN NOT require_tls THEN 'no' ELSE 'default' END);
    END IF;
    RETURN open;
END $$;
COMMENT ON FUNCTION outpost.set_require_tls IS 'true: only over verified TLS (REQUIRETLS); false: ignore TLS failures; null: as the policies say. From the next attempt on; returns how many recipients have not come to an end';

-- As mail::waives_tls does for other doors: each TLS-Required field must say no (RFC 8689 section 3).
CREATE FUNCTION outpost_private.waives_tls(header text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(bool_and(lower(btrim(f[1], E' \t')) = 'no'), false)
    FROM regexp_matches(regexp_replace(header, E'\r?\n([ \t])', '\1', 'g'), '(?in)^tls-required[ \t]*:([^\r\n]*)', 'g') AS f
$$;
REVOKE ALL ON FUNCTION outpost_private.waives_tls FROM PUBLIC;

-- As before (0005), but for TLS-Required: No in the header where the options say nothing.
CREATE OR REPLACE FUNCTION outpost.enqueue(account text, mail_from text, recipients text[], message bytea, options jsonb DEFAULT '{}')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    id bigint := nextval('outpost_private.message_block') * 1000;
    host text := coalesce((SELECT n.hostname FROM outpost_private.node n ORDER BY n.heartbeat_at DESC LIMIT 1), 'localhost');
    key text := options ->> 'idempotency_key';
    sender text;
    parts record;
    header text;
    stored_header bytea;
    stored_body bytea;
    domains text[];
    release_at timestamptz;
    first_id bigint;
    held boolean;
    chunk CONSTANT integer := 1048576;
BEGIN
    PERFORM outpost_private.check_options(options);
    PERFORM outpost_private.check_sender(account, mail_from);
    sender := CASE WHEN mail_from = '' THEN '' ELSE outpost_private.with_domain(mail_from, outpost_private.address_domain(mail_from, 'sender')) END;
    IF coalesce(cardinality(recipients), 0) = 0 THEN
        RAISE EXCEPTION 'there is no recipient' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF cardinality(recipients) > 10000 THEN
        RAISE EXCEPTION '% recipients are too many for one message; 10000 are permitted', cardinality(recipients) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    domains := ARRAY(SELECT outpost_private.address_domain(r, 'recipient') FROM unnest(recipients) WITH ORDINALITY AS u(r, n) ORDER BY n);
    release_at := outpost_private.release_time(options);
    held := coalesce((options ->> 'hold')::boolean, false);
    parts := outpost_private.split_message(message);
    header := outpost_private.complete_header(parts.header, id, host);
    stored_header := convert_to(header, 'LATIN1');
    stored_body := convert_to(parts.body, 'LATIN1');

    INSERT INTO outpost_private.message AS m (id, account, mail_from, header, size, eightbit, smtputf8, require_tls, ret, envid, tag,
        message_id, source, client, idempotency_key, due_from)
    VALUES (id, account, sender, stored_header, octet_length(stored_header) + octet_length(stored_body),
        header ~ '[^\x01-\x7f]' OR parts.body ~ '[^\x01-\x7f]',
        coalesce((options ->> 'smtputf8')::boolean, header ~ '[^\x01-\x7f]' OR array_to_string(recipients, '') || mail_from ~ '[^ -~]'),
        coalesce((options ->> 'require_tls')::boolean, CASE WHEN outpost_private.waives_tls(parts.header) THEN false END),
        coalesce(options ->> 'ret', ''), coalesce(options ->> 'envid', ''),
        coalesce(options ->> 'tag', ''), coalesce(trim(substring(header FROM '(?in)^message-id[ \t]*:([^\r\n]*)')), ''),
        'sql', session_user, key, release_at)
    ON CONFLICT (account, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING;
    IF NOT FOUND THEN
        SELECT m.id INTO first_id FROM outpost_private.message m WHERE m.account = enqueue.account AND m.idempotency_key = key;
        RETURN first_id;
    END IF;
    INSERT INTO outpost_private.content (message_id, seq, data)
    SELECT id, n, substr(stored_body, n * chunk + 1, chunk)
    FROM generate_series(0, (octet_length(stored_body) - 1) / chunk) AS n WHERE octet_length(stored_body) > 0;
    INSERT INTO outpost_private.recipient (message_id, number, address, domain, notify, orcpt, state, next_attempt_at,
        hold_reason, held_by, held_at)
    SELECT id, u.n, outpost_private.with_domain(u.r, d.domain), d.domain, upper(coalesce(options ->> 'notify', '')), '',
        CASE WHEN held THEN 'held' ELSE 'queued' END, release_at,
        CASE WHEN held THEN 'held by its submitter' ELSE '' END, CASE WHEN held THEN session_user ELSE '' END,
        CASE WHEN held THEN clock_timestamp() END
    FROM unnest(recipients) WITH ORDINALITY AS u(r, n) JOIN unnest(domains) WITH ORDINALITY AS d(domain, n) USING (n);
    PERFORM pg_notify('outpost_work', '');
    RETURN id;
END $$;
