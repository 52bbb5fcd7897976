-- Reports that come back to the return paths of mail that was sent (VERP), and addresses that get no more mail for a time.

-- One row for each thing that was said of a recipient, however often: who got the mail knows its return path and may
-- write to it without end.
CREATE TABLE outpost_private.bounce (
    message_id        bigint NOT NULL,
    number            integer NOT NULL,       -- of the recipient
    action            text NOT NULL CHECK (action IN ('failed', 'delayed', 'delivered', 'relayed', 'expanded', 'unrecognised')),
    address           text NOT NULL,          -- of the recipient, as mail was sent to it; outlives the message
    domain            text NOT NULL,
    account           text NOT NULL,
    status            text NOT NULL,          -- enhanced status, '' when there was none
    diagnostic        text NOT NULL,          -- of strangers
    remote_mta        text NOT NULL,
    reporting_mta     text NOT NULL,
    first_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    received_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- the last one, which the texts are of
    times             integer NOT NULL DEFAULT 1,
    report_owed       boolean NOT NULL DEFAULT false,  -- the sender is to be told, once the delivery is settled
    reported_at       timestamptz,            -- when it was: once of each action
    PRIMARY KEY (message_id, number, action)
);
CREATE INDEX bounce_received ON outpost_private.bounce (received_at);
CREATE INDEX bounce_domain ON outpost_private.bounce (domain, received_at);
CREATE INDEX bounce_owed ON outpost_private.bounce (message_id) WHERE report_owed;

CREATE TABLE outpost_private.suppression (
    key           text PRIMARY KEY,           -- suppression_key(address): what is compared
    address       text NOT NULL,              -- as it was given, domain as A-labels
    domain        text NOT NULL,              -- A-labels, or an address literal with brackets
    reason        text NOT NULL,
    message_id    bigint,                     -- whose failure it was; null: people wanted it
    number        integer,
    suppressed_by text NOT NULL,              -- database role, '' when a failure did it
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    until         timestamptz,                -- null: until somebody takes it out
    CHECK (num_nulls(message_id, number) IN (0, 2))
);
CREATE INDEX suppression_until ON outpost_private.suppression (until) WHERE until IS NOT NULL;
CREATE INDEX suppression_domain ON outpost_private.suppression (domain);
