CREATE OR REPLACE FUNCTION outpost.unsuppress_tls_reports(place text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.tls_report_suppression s
    WHERE s.key = outpost_private.tls_report_place_key(outpost_private.tls_report_place(unsuppress_tls_reports.place));
    RETURN FOUND;
END $$;

COMMENT ON FUNCTION outpost.unsuppress_tls_reports IS 'Lets TLS reports go to this place again, whoever suppressed it. False when nobody had';
