-- TLS reports (RFC 8460) that others send to us: what they say of our domains and hosts. All texts are of strangers.

CREATE TABLE outpost_private.received_tls_report (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    way          text NOT NULL CHECK (way IN ('mail', 'https')),
    submitter    text NOT NULL,                -- within whose reports ids are unique: from_domain, or the organization by HTTPS
    report_id    text NOT NULL,
    organization text NOT NULL,
    contact      text NOT NULL,
    period_begin timestamptz NOT NULL,
    period_end   timestamptz NOT NULL,
    from_domain  text NOT NULL,                -- whose DKIM signature passed; '' by HTTPS
    mail_from    text NOT NULL,
    client       text NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    duplicates   integer NOT NULL DEFAULT 0,   -- how often it came again
    octets       bigint NOT NULL,              -- of the JSON text
    header       bytea NOT NULL,               -- of the mail, with our Received and Authentication-Results on top
    json_gzip    bytea NOT NULL,
    UNIQUE (way, submitter, report_id)
);
ALTER TABLE outpost_private.received_tls_report ALTER json_gzip SET STORAGE EXTERNAL;  -- it is compressed already
CREATE INDEX received_tls_report_at ON outpost_private.received_tls_report (received_at);
CREATE INDEX received_tls_report_organization ON outpost_private.received_tls_report (organization, report_id);

-- What a report says of one of our policy domains; others are in json_gzip alone. Foreign keys, unlike elsewhere: these rows
-- are few, and mean nothing without their report.
CREATE TABLE outpost_private.received_tls_policy (
    report         bigint NOT NULL REFERENCES outpost_private.received_tls_report ON DELETE CASCADE,
    number         integer NOT NULL,
    policy_domain  text NOT NULL,              -- A-labels
    of_host        boolean NOT NULL,           -- a host of ours, not a domain
    policy_type    text NOT NULL,
    policy_strings text[] NOT NULL,
    mx_hosts       text[] NOT NULL,
    successes      bigint NOT NULL,
    failures       bigint NOT NULL,
    PRIMARY KEY (report, number)
);
CREATE INDEX received_tls_policy_domain ON outpost_private.received_tls_policy (policy_domain);

CREATE TABLE outpost_private.received_tls_failure (
    report                 bigint NOT NULL,
    policy                 integer NOT NULL,
    number                 integer NOT NULL,
    result_type            text NOT NULL,      -- perhaps one that RFC 8460 does not know
    failure_reason_code    text NOT NULL,
    sending_mta_ip         text NOT NULL,
    receiving_mx_hostname  text NOT NULL,
    receiving_mx_helo      text NOT NULL,
    receiving_ip           text NOT NULL,
    additional_information text NOT NULL,
    sessions               bigint NOT NULL,
    PRIMARY KEY (report, policy, number),
    FOREIGN KEY (report, policy) REFERENCES outpost_private.received_tls_policy ON DELETE CASCADE
);

-- How much has been kept of whom on a day, so that nobody fills the disk.
CREATE TABLE outpost_private.tls_report_quota (
    day     date NOT NULL,
    whom    text NOT NULL,                     -- 'mail:' and a domain; 'https:' and a network, or all of it
    reports bigint NOT NULL,
    octets  bigint NOT NULL,
    PRIMARY KEY (day, whom)
);

CREATE VIEW outpost.received_tls_reports AS
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

CREATE VIEW outpost.received_tls_days AS
SELECT (r.period_begin AT TIME ZONE 'UTC')::date AS day, p.policy_domain, CASE WHEN p.of_host THEN 'mx host' ELSE 'domain' END AS about,
    r.way, count(DISTINCT r.id) AS reports, array_agg(DISTINCT r.organization) AS organizations,
    sum(p.successes) AS successes, sum(p.failures) AS failures  -- numeric: what strangers count may have any size
FROM outpost_private.received_tls_policy p JOIN outpost_private.received_tls_report r ON r.id = p.report
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW outpost.received_tls_days IS 'What others'' TLS reports say of a domain or host of ours, by day';
COMMENT ON COLUMN outpost.received_tls_days.day IS 'Day (UTC) on which the reports'' period begins';
COMMENT ON COLUMN outpost.received_tls_days.policy_domain IS 'Domain or host of ours, A-labels';
COMMENT ON COLUMN outpost.received_tls_days.about IS
    'domain: as MTA-STS sees it; mx host: as DANE sees it. A session may be counted in both';
COMMENT ON COLUMN outpost.received_tls_days.way IS 'mail: signed; https: nothing of it is proved';
COMMENT ON COLUMN outpost.received_tls_days.reports IS 'How many reports';
COMMENT ON COLUMN outpost.received_tls_days.organizations IS 'Who says to have written them';
COMMENT ON COLUMN outpost.received_tls_days.successes IS 'Sessions that succeeded';
COMMENT ON COLUMN outpost.received_tls_days.failures IS 'Sessions that failed';

CREATE VIEW outpost.received_tls_failures AS
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

DO $$
BEGIN
    GRANT SELECT ON outpost.received_tls_reports, outpost.received_tls_days, outpost.received_tls_failures
        TO outpost_reader, outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the views of received TLS reports were granted to nobody: this role may not do so';
END $$;
