-- RFC 5322 section 3.3, in UTC.
CREATE OR REPLACE FUNCTION outpost_private.rfc5322_date(at timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'Dy, DD Mon YYYY HH24:MI:SS') || ' +0000' $$;
