CREATE OR REPLACE VIEW outpost.tls_failures AS
SELECT r.day, r.recipient_domain, r.policy_domain, r.policy_type, f.result_type, f.failure_reason_code, f.receiving_mx_hostname,
    f.receiving_mx_helo, f.receiving_ip, f.sending_mta_ip, f.additional_information, f.sessions, f.result_id
FROM outpost_private.tls_failure f JOIN outpost_private.tls_result r ON r.id = f.result_id;

COMMENT ON VIEW outpost.tls_failures IS 'What sessions of tls_results met (RFC 8460 section 4.3), whether or not mail was delivered all the same';
COMMENT ON COLUMN outpost.tls_failures.day IS 'Day in UTC on which the attempts ended';
COMMENT ON COLUMN outpost.tls_failures.recipient_domain IS 'Domain that mail went to, in A-labels';
COMMENT ON COLUMN outpost.tls_failures.policy_domain IS 'Domain that the policy is of: the recipient domain, or an MX host';
COMMENT ON COLUMN outpost.tls_failures.policy_type IS 'sts, tlsa or no-policy-found';
COMMENT ON COLUMN outpost.tls_failures.result_type IS 'starttls-not-supported, certificate-expired ... (RFC 8460 section 4.3)';
COMMENT ON COLUMN outpost.tls_failures.failure_reason_code IS 'More precisely: smtp-starttls-reply-code-454, dane-no-match ...';
COMMENT ON COLUMN outpost.tls_failures.receiving_mx_hostname IS 'MX host that was talked to, or was to be';
COMMENT ON COLUMN outpost.tls_failures.receiving_mx_helo IS 'What its greeting said after the code';
COMMENT ON COLUMN outpost.tls_failures.receiving_ip IS 'Its IP address';
COMMENT ON COLUMN outpost.tls_failures.sending_mta_ip IS 'IP address that we came from; empty behind a proxy';
COMMENT ON COLUMN outpost.tls_failures.additional_information IS 'Where to read more (a URI)';
COMMENT ON COLUMN outpost.tls_failures.sessions IS 'How many sessions met it; 0: it was seen, and stood in no session''s way';
COMMENT ON COLUMN outpost.tls_failures.result_id IS 'Key to tls_results';
