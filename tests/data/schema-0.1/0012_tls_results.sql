-- What direct deliveries saw of their receivers' TLS, added up by UTC day: all that TLS reports (RFC 8460) are made of.
--
-- Nodes add up in memory and write sums every few seconds, sorted by key, so that no two wait for each other in turn.
-- A batch has a number: one that is written again, because the answer to its COMMIT was lost, is known by it.

-- One policy as it was found on one day, with the sessions that it applied to.
CREATE TABLE outpost_private.tls_result (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day              date NOT NULL,               -- in UTC, of the end of the attempt
    policy_domain    text NOT NULL,               -- A-labels, as all domains here
    recipient_domain text NOT NULL,
    of_host          boolean NOT NULL,            -- about an MX host (DANE), not a recipient domain (MTA-STS)
    policy_hash      bytea NOT NULL,              -- of the next three: a policy may have more text than an index bears
    policy_type      text NOT NULL CHECK (policy_type IN ('no-policy-found', 'sts', 'tlsa')),
    policy_strings   text[] NOT NULL,             -- lines of the MTA-STS policy; TLSA records
    mx_hosts         text[] NOT NULL,             -- patterns of the MTA-STS policy
    successes        bigint NOT NULL,
    failures         bigint NOT NULL,
    -- Whether this is a reason to send a report. Sessions that carried nothing but TLS reports are none, or reports
    -- would cause reports for ever.
    send_report      boolean NOT NULL,
    updated_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (day, policy_domain, recipient_domain, of_host, policy_hash)
) WITH (fillfactor = 70);
CREATE INDEX tls_result_recipient ON outpost_private.tls_result (recipient_domain, day);

-- What sessions met, how many each; RFC 8460 section 4.4. Empty: left out.
CREATE TABLE outpost_private.tls_failure (
    -- A foreign key, unlike elsewhere: these rows are few, and a sum must not outlive what it belongs to.
    result_id              bigint NOT NULL REFERENCES outpost_private.tls_result ON DELETE CASCADE,
    hash                   bytea NOT NULL,        -- of all that follows but the count
    result_type            text NOT NULL,
    failure_reason_code    text NOT NULL,
    receiving_mx_hostname  text NOT NULL,
    receiving_mx_helo      text NOT NULL,
    receiving_ip           text NOT NULL,
    sending_mta_ip         text NOT NULL,
    additional_information text NOT NULL,
    sessions               bigint NOT NULL,
    PRIMARY KEY (result_id, hash)
) WITH (fillfactor = 70);

-- The last batch that each run of a node has written.
CREATE TABLE outpost_private.evidence_batch (
    node       bigint PRIMARY KEY,
    number     bigint NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE VIEW outpost.tls_results AS
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

CREATE VIEW outpost.tls_failures AS
SELECT r.day, r.recipient_domain, r.policy_domain, r.policy_type, f.result_type, f.failure_reason_code, f.receiving_mx_hostname,
    f.receiving_mx_helo, f.receiving_ip, f.sending_mta_ip, f.additional_information, f.sessions, f.result_id
FROM outpost_private.tls_failure f JOIN outpost_private.tls_result r ON r.id = f.result_id;
COMMENT ON VIEW outpost.tls_failures IS 'What sessions of tls_results met (RFC 8460 section 4.3), be it that mail was delivered all the same';
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

DO $$
BEGIN
    GRANT SELECT ON outpost.tls_results, outpost.tls_failures TO outpost_reader, outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the new views were granted to nobody: this role may not do so';
END $$;
