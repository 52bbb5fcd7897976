-- Mail inside the caller's own transaction. TLS-Required: No in the header counts where the options say nothing.
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

COMMENT ON FUNCTION outpost.enqueue IS 'Queues a message in the caller''s transaction and returns its id; raises an error that says what is wrong with the input';
