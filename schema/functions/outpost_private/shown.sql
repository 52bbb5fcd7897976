-- A stranger's text in an error message: one line, not too long, quoted.
CREATE OR REPLACE FUNCTION outpost_private.shown(words text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(quote_literal(regexp_replace(left(words, 300), '[\u0001-\u001f\u007f-\u009f\u2028\u2029]', '?', 'g')), 'NULL')
$$;
