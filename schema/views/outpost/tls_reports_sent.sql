CREATE OR REPLACE VIEW outpost.tls_reports_sent AS
SELECT r.day, r.domain, CASE WHEN r.to_host THEN 'mx host' ELSE 'domain' END AS about, r.state,
    CASE WHEN r.state = 'due' THEN r.next_at END AS due_at, r.attempts, nullif(r.reason, '') AS reason,
    nullif(r.report_id, '') AS report_id, r.successes, r.failures, string_to_array(r.places, E'\n') AS places,
    r.made_at, r.finished_at, r.id
FROM outpost_private.tls_report r;

COMMENT ON VIEW outpost.tls_reports_sent IS 'TLS reports that were owed to others (RFC 8460), and what became of each';
COMMENT ON COLUMN outpost.tls_reports_sent.day IS 'Day in UTC that it tells of';
COMMENT ON COLUMN outpost.tls_reports_sent.domain IS 'Domain that it is for, in A-labels';
COMMENT ON COLUMN outpost.tls_reports_sent.about IS 'domain: to a domain that mail went to; mx host: to a policy domain of MX hosts';
COMMENT ON COLUMN outpost.tls_reports_sent.state IS 'due; sending (queued or being posted); sent (to one place at least); failed; skipped (nobody wants it)';
COMMENT ON COLUMN outpost.tls_reports_sent.due_at IS 'Of one that is due: when it is tried, or tried again';
COMMENT ON COLUMN outpost.tls_reports_sent.attempts IS 'How often a node has begun to make it';
COMMENT ON COLUMN outpost.tls_reports_sent.reason IS 'Why it was skipped or failed, or could not be made yet';
COMMENT ON COLUMN outpost.tls_reports_sent.report_id IS 'By which its receiver knows it, however often it comes';
COMMENT ON COLUMN outpost.tls_reports_sent.successes IS 'Sessions in it that succeeded';
COMMENT ON COLUMN outpost.tls_reports_sent.failures IS 'Sessions in it that failed';
COMMENT ON COLUMN outpost.tls_reports_sent.places IS 'Where the domain''s record wanted it (rua)';
COMMENT ON COLUMN outpost.tls_reports_sent.made_at IS 'When it was made, and its mail queued';
COMMENT ON COLUMN outpost.tls_reports_sent.finished_at IS 'When the last place had it, or it was given up or skipped';
COMMENT ON COLUMN outpost.tls_reports_sent.id IS 'Key to tls_report_places';
