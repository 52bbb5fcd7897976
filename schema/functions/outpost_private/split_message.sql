-- Splits a message into header section and body in wire form; refuses what cannot go on the wire.
-- Works on Latin-1 text, which maps octets to characters one to one.
CREATE OR REPLACE FUNCTION outpost_private.split_message(message bytea, OUT header text, OUT body text)
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
