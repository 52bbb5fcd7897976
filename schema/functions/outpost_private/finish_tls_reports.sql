-- A report ends when all its places have: sent, if any place has it.
CREATE OR REPLACE FUNCTION outpost_private.finish_tls_reports() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    finished integer;
BEGIN
    UPDATE outpost_private.tls_report r
    SET finished_at = clock_timestamp(), content = NULL,
        state = CASE WHEN EXISTS (SELECT FROM outpost_private.tls_report_place p WHERE p.report_id = r.id AND p.state = 'sent')
                THEN 'sent' ELSE 'failed' END
    WHERE r.state = 'sending'
        AND NOT EXISTS (SELECT FROM outpost_private.tls_report_place p WHERE p.report_id = r.id AND p.state IN ('queued', 'posting'));
    GET DIAGNOSTICS finished = ROW_COUNT;
    RETURN finished;
END $$;
