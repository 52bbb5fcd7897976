CREATE OR REPLACE VIEW outpost.tls_report_suppressions AS
SELECT place, reason, message_id, suppressed_by, created_at, until, until > now() AS in_force
FROM outpost_private.tls_report_suppression;

COMMENT ON VIEW outpost.tls_report_suppressions IS 'Places that get no TLS reports for a time';
COMMENT ON COLUMN outpost.tls_report_suppressions.place IS 'mailto:ADDRESS, or an https URI';
COMMENT ON COLUMN outpost.tls_report_suppressions.reason IS 'Why: what the remote said (a stranger''s text), or the words of who suppressed it';
COMMENT ON COLUMN outpost.tls_report_suppressions.message_id IS 'The mail with a report that bounced; null when people suppressed it';
COMMENT ON COLUMN outpost.tls_report_suppressions.suppressed_by IS 'Database role that suppressed it; empty when a bounce did';
COMMENT ON COLUMN outpost.tls_report_suppressions.created_at IS 'Since when';
COMMENT ON COLUMN outpost.tls_report_suppressions.until IS 'Until when';
COMMENT ON COLUMN outpost.tls_report_suppressions.in_force IS 'Whether it holds now';
