-- A report bounced. What people wanted, and what lasts longer, stands.
CREATE OR REPLACE FUNCTION outpost_private.suppress_bounced_place(place text, reason text, message bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO outpost_private.tls_report_suppression AS s (key, place, reason, message_id, suppressed_by, until)
    VALUES (outpost_private.tls_report_place_key(place), place, reason, message, '', clock_timestamp() + interval '1 month')
    ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, message_id = excluded.message_id,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until
    WHERE s.until < excluded.until
$$;
