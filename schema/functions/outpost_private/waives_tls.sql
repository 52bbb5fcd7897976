-- As mail::waives_tls does for other doors: each TLS-Required field must say no (RFC 8689 section 3).
CREATE OR REPLACE FUNCTION outpost_private.waives_tls(header text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(bool_and(lower(btrim(f[1], E' \t')) = 'no'), false)
    FROM regexp_matches(regexp_replace(header, E'\r?\n([ \t])', '\1', 'g'), '(?in)^tls-required[ \t]*:([^\r\n]*)', 'g') AS f
$$;
