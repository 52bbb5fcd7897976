CREATE OR REPLACE VIEW outpost.received_tls_reports AS
SELECT r.id AS report, r.received_at, r.way, r.organization, r.report_id, r.contact, r.period_begin, r.period_end, r.from_domain,
    r.mail_from, r.client, p.policy_domains, p.successes, p.failures, r.duplicates, r.octets,
    encode(r.header, 'escape') AS header, r.json_gzip
FROM outpost_private.received_tls_report r
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT policy_domain) AS policy_domains, sum(q.successes)::bigint AS successes, sum(q.failures)::bigint AS failures
    FROM outpost_private.received_tls_policy q WHERE q.report = r.id) p;

COMMENT ON VIEW outpost.received_tls_reports IS 'TLS reports (RFC 8460) that others sent about our domains and hosts; texts are of strangers';
COMMENT ON COLUMN outpost.received_tls_reports.report IS 'Key to received_tls_failures';
COMMENT ON COLUMN outpost.received_tls_reports.received_at IS 'When it came';
COMMENT ON COLUMN outpost.received_tls_reports.way IS 'mail: signed by from_domain; https: posted by whoever, nothing of it is proved';
COMMENT ON COLUMN outpost.received_tls_reports.organization IS 'Who says to have written it';
COMMENT ON COLUMN outpost.received_tls_reports.report_id IS 'Its id in the words of who wrote it; sha256:... of its text when it had none';
COMMENT ON COLUMN outpost.received_tls_reports.contact IS 'Whom to ask about it';
COMMENT ON COLUMN outpost.received_tls_reports.period_begin IS 'Beginning of the time that it is about';
COMMENT ON COLUMN outpost.received_tls_reports.period_end IS 'Its end';
COMMENT ON COLUMN outpost.received_tls_reports.from_domain IS 'Domain in From, for which a DKIM signature passed; empty by https';
COMMENT ON COLUMN outpost.received_tls_reports.mail_from IS 'Envelope sender; empty by https';
COMMENT ON COLUMN outpost.received_tls_reports.client IS 'Who handed it in';
COMMENT ON COLUMN outpost.received_tls_reports.policy_domains IS 'Domains and hosts of ours that it speaks of';
COMMENT ON COLUMN outpost.received_tls_reports.successes IS 'Sessions with these that succeeded';
COMMENT ON COLUMN outpost.received_tls_reports.failures IS 'Sessions with these that failed';
COMMENT ON COLUMN outpost.received_tls_reports.duplicates IS 'How often the same report came again';
COMMENT ON COLUMN outpost.received_tls_reports.octets IS 'Size of its JSON text';
COMMENT ON COLUMN outpost.received_tls_reports.header IS
    'Header section of the mail with our Received and Authentication-Results on top; octets above 127 as \ooo, a backslash as two';
COMMENT ON COLUMN outpost.received_tls_reports.json_gzip IS 'The whole report, compressed; outpost tlsrpt received --raw prints it';
