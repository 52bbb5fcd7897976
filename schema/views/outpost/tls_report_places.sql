CREATE OR REPLACE VIEW outpost.tls_report_places AS
SELECT r.day, r.domain, CASE WHEN r.to_host THEN 'mx host' ELSE 'domain' END AS about, p.place, p.state, p.message_id, p.number,
    p.attempts AS posts, p.next_at AS next_post_at, p.give_up_at, nullif(p.reason, '') AS reason, p.finished_at, p.report_id
FROM outpost_private.tls_report_place p JOIN outpost_private.tls_report r ON r.id = p.report_id;

COMMENT ON VIEW outpost.tls_report_places IS 'Where each report of tls_reports_sent went, and whether it got there';
COMMENT ON COLUMN outpost.tls_report_places.day IS 'Day in UTC that the report tells of';
COMMENT ON COLUMN outpost.tls_report_places.domain IS 'Domain that it is for';
COMMENT ON COLUMN outpost.tls_report_places.about IS 'domain or mx host, as in tls_reports_sent';
COMMENT ON COLUMN outpost.tls_report_places.place IS 'mailto:ADDRESS, or the https URI';
COMMENT ON COLUMN outpost.tls_report_places.state IS 'queued (mail under way), posting (HTTPS, still to succeed), sent, failed, suppressed (nothing was sent)';
COMMENT ON COLUMN outpost.tls_report_places.message_id IS 'The mail that carries it, as in outpost.messages';
COMMENT ON COLUMN outpost.tls_report_places.number IS 'Number of the recipient of that message';
COMMENT ON COLUMN outpost.tls_report_places.posts IS 'How often it was posted';
COMMENT ON COLUMN outpost.tls_report_places.next_post_at IS 'When it is posted again';
COMMENT ON COLUMN outpost.tls_report_places.give_up_at IS 'No attempt is made later';
COMMENT ON COLUMN outpost.tls_report_places.reason IS 'What was said last, where it did not succeed';
COMMENT ON COLUMN outpost.tls_report_places.finished_at IS 'When it got there, or was given up';
COMMENT ON COLUMN outpost.tls_report_places.report_id IS 'The id in tls_reports_sent';
