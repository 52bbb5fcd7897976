CREATE OR REPLACE VIEW outpost.received_tls_failures AS
SELECT (r.period_begin AT TIME ZONE 'UTC')::date AS day, p.policy_domain, CASE WHEN p.of_host THEN 'mx host' ELSE 'domain' END AS about,
    r.organization, r.way, p.policy_type, f.result_type, f.failure_reason_code, f.sending_mta_ip, f.receiving_mx_hostname,
    f.receiving_mx_helo, f.receiving_ip, f.additional_information, f.sessions, r.id AS report
FROM outpost_private.received_tls_failure f
JOIN outpost_private.received_tls_policy p ON p.report = f.report AND p.number = f.policy
JOIN outpost_private.received_tls_report r ON r.id = f.report;

COMMENT ON VIEW outpost.received_tls_failures IS 'What sessions with us met, as others report it (RFC 8460 section 4.3); texts are of strangers';
COMMENT ON COLUMN outpost.received_tls_failures.day IS 'Day (UTC) on which the report''s period begins';
COMMENT ON COLUMN outpost.received_tls_failures.policy_domain IS 'Domain or host of ours, A-labels';
COMMENT ON COLUMN outpost.received_tls_failures.about IS 'domain, or mx host';
COMMENT ON COLUMN outpost.received_tls_failures.organization IS 'Who says to have written the report';
COMMENT ON COLUMN outpost.received_tls_failures.way IS 'mail: signed; https: nothing of it is proved';
COMMENT ON COLUMN outpost.received_tls_failures.policy_type IS 'sts, tlsa or no-policy-found: the policy that was applied to us';
COMMENT ON COLUMN outpost.received_tls_failures.result_type IS 'starttls-not-supported, certificate-expired ..., or one that RFC 8460 does not know';
COMMENT ON COLUMN outpost.received_tls_failures.failure_reason_code IS 'More precisely, in the sender''s words';
COMMENT ON COLUMN outpost.received_tls_failures.sending_mta_ip IS 'IP address of the server that sent to us';
COMMENT ON COLUMN outpost.received_tls_failures.receiving_mx_hostname IS 'MX host that it talked to, or was to';
COMMENT ON COLUMN outpost.received_tls_failures.receiving_mx_helo IS 'What that host called itself';
COMMENT ON COLUMN outpost.received_tls_failures.receiving_ip IS 'Its IP address';
COMMENT ON COLUMN outpost.received_tls_failures.additional_information IS 'Where to read more (a URI)';
COMMENT ON COLUMN outpost.received_tls_failures.sessions IS 'How many sessions met it';
COMMENT ON COLUMN outpost.received_tls_failures.report IS 'Key to received_tls_reports';
