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
    planned          boolean NOT NULL DEFAULT false,  -- the reports that it is a reason for have their marks (0106)
    UNIQUE (day, policy_domain, recipient_domain, of_host, policy_hash)
) WITH (fillfactor = 70);
CREATE INDEX tls_result_recipient ON outpost_private.tls_result (recipient_domain, day);
CREATE INDEX tls_result_unplanned ON outpost_private.tls_result (day) WHERE send_report AND NOT planned;

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
