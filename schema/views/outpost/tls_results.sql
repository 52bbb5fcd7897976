CREATE OR REPLACE VIEW outpost.tls_results AS
SELECT day, recipient_domain, policy_domain, CASE WHEN of_host THEN 'mx host' ELSE 'domain' END AS about, policy_type, policy_strings,
    mx_hosts, successes, failures,
    (SELECT count(*) FROM outpost_private.tls_failure f WHERE f.result_id = r.id) AS failure_details, send_report, updated_at,
    id AS result_id
FROM outpost_private.tls_result r;

COMMENT ON VIEW outpost.tls_results IS 'TLS of direct deliveries by UTC day: for each policy found the sessions under it (RFC 8460)';
COMMENT ON COLUMN outpost.tls_results.day IS 'Day in UTC on which the attempts ended';
COMMENT ON COLUMN outpost.tls_results.recipient_domain IS 'Domain that mail went to, in A-labels';
COMMENT ON COLUMN outpost.tls_results.policy_domain IS 'Domain that the policy is of: the recipient domain, or an MX host';
COMMENT ON COLUMN outpost.tls_results.about IS 'domain: MTA-STS'' view of the recipient domain; mx host: DANE''s view of a host. Each session counts in both';
COMMENT ON COLUMN outpost.tls_results.policy_type IS 'sts, tlsa or no-policy-found';
COMMENT ON COLUMN outpost.tls_results.policy_strings IS 'Lines of the MTA-STS policy; TLSA records';
COMMENT ON COLUMN outpost.tls_results.mx_hosts IS 'Patterns of MX hosts in the MTA-STS policy';
COMMENT ON COLUMN outpost.tls_results.successes IS 'New sessions with TLS that nothing was wrong with, or where it was ignored';
COMMENT ON COLUMN outpost.tls_results.failures IS 'Sessions that failed, or did not come about, because of TLS or of the policy';
COMMENT ON COLUMN outpost.tls_results.failure_details IS 'Number of rows in tls_failures';
COMMENT ON COLUMN outpost.tls_results.send_report IS 'Whether it is a reason to send a TLS report; false: nothing but TLS reports went there';
COMMENT ON COLUMN outpost.tls_results.updated_at IS 'When sessions were last added';
COMMENT ON COLUMN outpost.tls_results.result_id IS 'Key to tls_failures';
