-- The submitter's part of RFC 6409 section 8: adds what is missing, removes what nobody else may see.
CREATE OR REPLACE FUNCTION outpost_private.complete_header(header text, id bigint, host text) RETURNS text
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
