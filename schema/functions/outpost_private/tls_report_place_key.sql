-- Case makes no other mailbox, whatever RFC 5321 allows: better one report less than one that bounces again.
CREATE OR REPLACE FUNCTION outpost_private.tls_report_place_key(place text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN place LIKE 'mailto:%' THEN lower(place COLLATE "C") ELSE place END
$$;
