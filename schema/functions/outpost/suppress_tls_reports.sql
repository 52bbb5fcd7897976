CREATE OR REPLACE FUNCTION outpost.suppress_tls_reports(place text, until timestamptz DEFAULT clock_timestamp() + interval '1 month',
    reason text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    its_place text := outpost_private.tls_report_place(suppress_tls_reports.place);
BEGIN
    IF suppress_tls_reports.until <= clock_timestamp() THEN
        RAISE EXCEPTION 'the suppression would end at %, which has passed', suppress_tls_reports.until
            USING ERRCODE = 'invalid_parameter_value', HINT = 'outpost.unsuppress_tls_reports ends one now.';
    END IF;
    INSERT INTO outpost_private.tls_report_suppression AS s (key, place, reason, suppressed_by, until)
    VALUES (outpost_private.tls_report_place_key(its_place), its_place, coalesce(suppress_tls_reports.reason, ''), session_user,
        suppress_tls_reports.until)
    ON CONFLICT (key) DO UPDATE SET place = excluded.place, reason = excluded.reason, message_id = NULL,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until;
END $$;

COMMENT ON FUNCTION outpost.suppress_tls_reports IS
    'No TLS reports to this place (an address, or an https URI as the record has it) until then; a month if nothing is said';
