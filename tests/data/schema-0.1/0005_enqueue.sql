-- Mail inside the caller's own transaction.

-- What can end a line somewhere: C0, DEL, C1, the separators. Not a class such as [:cntrl:], whose members
-- depend on the locale of the database.
CREATE FUNCTION outpost_private.has_controls(words text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT words ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' $$;

-- A stranger's text in an error message: one line, not too long, quoted.
CREATE FUNCTION outpost_private.shown(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(quote_literal(regexp_replace(left(words, 300), '[\u0001-\u001f\u007f-\u009f\u2028\u2029]', '?', 'g')), 'NULL')
$$;

-- The address in brackets in the one form that the queue knows it by; NULL when it is none.
CREATE FUNCTION outpost_private.address_literal(domain text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF domain ~ '^\[(\d{1,3}\.){3}\d{1,3}\]$' THEN
        RETURN '[' || host(btrim(domain, '[]')::inet) || ']';
    ELSIF domain ~ '^\[ipv6:[0-9a-f:.]+\]$' THEN
        RETURN '[IPv6:' || host(substr(btrim(domain, '[]'), 6)::inet) || ']';
    END IF;
    RETURN NULL;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END $$;

-- Refuses what cannot be an envelope address, and returns its domain (A-labels, or an address literal).
-- It accepts nothing that mail::Address would not.
CREATE FUNCTION outpost_private.address_domain(address text, what text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    at integer := length(address) - position('@' IN reverse(address)) + 1;
    local_part text;
    domain text;
BEGIN
    IF address IS NULL OR octet_length(address) > 254 OR outpost_private.has_controls(address) THEN
        RAISE EXCEPTION '% % has control characters, is longer than 254 octets, or is null', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF position('@' IN address) = 0 THEN
        RAISE EXCEPTION '% % is not an address: there is no @', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the bare address, without a name or angle brackets.';
    END IF;
    local_part := left(address, at - 1);
    domain := lower(substr(address, at + 1) COLLATE "C");  -- no locale makes another letter of an I
    IF local_part = ''
       OR NOT (local_part ~ '^[^\s()<>\[\]:;,\\"@]+$' AND local_part !~ '(^\.|\.\.|\.$)' OR local_part ~ '^"([^"\\]|\\[ -~])+"$') THEN
        RAISE EXCEPTION '% % is not an address: check the part before the @', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the bare address, without a name or angle brackets.';
    END IF;
    IF outpost_private.address_literal(domain) IS NOT NULL THEN
        RETURN outpost_private.address_literal(domain);
    END IF;
    IF domain ~ '[^ -~]' THEN
        RAISE EXCEPTION '% %: the domain is not ASCII', what, outpost_private.shown(address)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write it in A-labels (xn--...).';
    END IF;
    IF length(domain) > 253 OR domain !~ '^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$'
       OR domain ~ '(^|\.)\d+$' THEN
        RAISE EXCEPTION '% % is not an address: % is no domain name', what, outpost_private.shown(address), outpost_private.shown(domain)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN domain;
END $$;

CREATE FUNCTION outpost_private.with_domain(address text, domain text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT left(address, length(address) - position('@' IN reverse(address)) + 1) || domain $$;

-- Splits a message into header section and body in wire form; refuses what cannot go on the wire.
-- Works on Latin-1 text, which maps octets to characters one to one.
CREATE FUNCTION outpost_private.split_message(message bytea, OUT header text, OUT body text)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    whole text;
    at integer;
    longest integer;
    bad text;
BEGIN
    IF message IS NULL OR octet_length(message) = 0 THEN
        RAISE EXCEPTION 'the message is empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF position('\x00'::bytea IN message) > 0 THEN
        RAISE EXCEPTION 'the message has a NUL octet' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Encode binary parts as base64.';
    END IF;
    whole := replace(convert_from(message, 'LATIN1'), E'\r\n', E'\n');
    IF position(E'\r' IN whole) > 0 THEN
        RAISE EXCEPTION 'the message has a CR that is not followed by LF' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Lines end with LF or CRLF.';
    END IF;
    IF right(whole, 1) <> E'\n' THEN
        whole := whole || E'\n';
    END IF;
    SELECT max(length(line)) INTO longest FROM string_to_table(whole, E'\n') AS line;
    IF longest > 998 THEN
        RAISE EXCEPTION 'the message has a line of % octets; 998 are permitted (RFC 5322 section 2.1.1)', longest
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Use quoted-printable or base64.';
    END IF;
    at := position(E'\n\n' IN whole);
    header := CASE WHEN at = 0 THEN whole ELSE left(whole, at) END;
    body := CASE WHEN at = 0 THEN '' ELSE substr(whole, at + 2) END;
    SELECT line INTO bad FROM string_to_table(rtrim(header, E'\n'), E'\n') WITH ORDINALITY AS l(line, n)
    WHERE line !~ '^[!-9;-~]+[ \t]*:' AND (n = 1 OR line !~ '^[ \t]') LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the message does not begin with header fields: %', quote_literal(left(bad, 80))
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Header fields ("Subject: ...") come first, then an empty line, then the body (RFC 5322).';
    END IF;
    header := replace(header, E'\n', E'\r\n');
    body := replace(body, E'\n', E'\r\n');
END $$;

CREATE FUNCTION outpost_private.rfc5322_date(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS') || ' +0000' $$;

-- The submitter's part of RFC 6409 section 8: adds what is missing, removes what nobody else may see.
CREATE FUNCTION outpost_private.complete_header(header text, id bigint, host text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    fields text := regexp_replace(header, '^(?:bcc|resent-bcc)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*', '', 'gin');
    present text[] := ARRAY(SELECT lower(m[1]) FROM regexp_matches(fields, '^([!-9;-~]+)[ \t]*:', 'gn') AS m);
BEGIN
    IF (SELECT count(*) FROM unnest(present) AS f WHERE f = 'received') > 50 THEN
        RAISE EXCEPTION 'the message has over 50 Received fields: it is going round in circles' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT 'date' = ANY (present) THEN
        fields := 'Date: ' || outpost_private.rfc5322_date(now()) || E'\r\n' || fields;
    END IF;
    IF NOT 'message-id' = ANY (present) THEN
        fields := 'Message-ID: <' || id || '.' || replace(gen_random_uuid()::text, '-', '') || '@' || host || E'>\r\n' || fields;
    END IF;
    RETURN 'Received: by ' || host || ' with SQL id ' || id || E';\r\n\t' || outpost_private.rfc5322_date(now()) || E'\r\n' || fields || E'\r\n';
END $$;

CREATE FUNCTION outpost_private.check_sender(account text, mail_from text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    a outpost_private.account;
    domain text;
BEGIN
    SELECT * INTO a FROM outpost_private.account x WHERE x.name = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no account %', outpost_private.shown(account) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Configured are: ' || coalesce((SELECT string_agg(x.name, ', ' ORDER BY x.name) FROM outpost_private.account x), 'none');
    END IF;
    IF mail_from = '' AND a.any_sender THEN
        RETURN;
    END IF;
    domain := outpost_private.address_domain(mail_from, 'sender');
    IF NOT (a.any_sender OR domain = ANY (a.domains)
            OR EXISTS (SELECT FROM unnest(a.addresses) AS own WHERE lower(own) = lower(mail_from))) THEN
        RAISE EXCEPTION 'account % may not send from %', account, quote_literal(mail_from) USING ERRCODE = 'insufficient_privilege',
            HINT = 'Its addresses and domains are in outpost.accounts.';
    END IF;
END $$;

-- Options, checked: unknown names and wrong values raise.
CREATE FUNCTION outpost_private.check_options(options jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known text[] := ARRAY['idempotency_key', 'tag', 'release_at', 'hold_for', 'notify', 'ret', 'envid', 'smtputf8', 'require_tls',
                           'hold'];
    flags text[] := ARRAY['smtputf8', 'require_tls', 'hold'];
    o record;
BEGIN
    IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
        RAISE EXCEPTION 'the options are not a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR o IN SELECT key, value, jsonb_typeof(value) AS kind, options ->> key AS said FROM jsonb_each(options) LOOP
        IF NOT o.key = ANY (known) THEN
            RAISE EXCEPTION 'unknown option %', quote_literal(o.key) USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Known are: ' || array_to_string(known, ', ');
        END IF;
        IF o.kind <> (CASE WHEN o.key = ANY (flags) THEN 'boolean' ELSE 'string' END) THEN
            RAISE EXCEPTION 'option %: % is not a %', o.key, o.value, CASE WHEN o.key = ANY (flags) THEN 'boolean' ELSE 'string' END
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF outpost_private.has_controls(o.said) OR length(o.said) > 200 THEN
            RAISE EXCEPTION 'option % has control characters or is longer than 200', o.key USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key = 'ret' AND o.said NOT IN ('full', 'hdrs') THEN
            RAISE EXCEPTION 'option ret is "full" or "hdrs", not %', o.value USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key = 'notify' AND upper(o.said) !~ '^(NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY))*)$' THEN
            RAISE EXCEPTION 'option notify is "never" or a list of success, failure, delay; not %', o.value USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key IN ('envid', 'idempotency_key') AND o.said !~ '^[ -~]+$' THEN
            RAISE EXCEPTION 'option % is printable ASCII', o.key USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END LOOP;
    IF options ? 'release_at' AND options ? 'hold_for' THEN
        RAISE EXCEPTION 'give release_at or hold_for, not both' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;

CREATE FUNCTION outpost_private.release_time(options jsonb) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
BEGIN
    BEGIN
        at := coalesce((options ->> 'release_at')::timestamptz, clock_timestamp() + (options ->> 'hold_for')::interval, clock_timestamp());
    EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
        RAISE EXCEPTION 'release_at is a timestamp and hold_for an interval, not %', coalesce(options ->> 'release_at', options ->> 'hold_for')
            USING ERRCODE = 'invalid_parameter_value';
    END;
    IF at > clock_timestamp() + interval '60 days' THEN
        RAISE EXCEPTION 'a message is held back for 60 days at most' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN greatest(at, clock_timestamp());  -- a time that has passed is now
END $$;

CREATE FUNCTION outpost.enqueue(account text, mail_from text, recipients text[], message bytea, options jsonb DEFAULT '{}')
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
        (options ->> 'require_tls')::boolean, coalesce(options ->> 'ret', ''), coalesce(options ->> 'envid', ''),
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
