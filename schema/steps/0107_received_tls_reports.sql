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
