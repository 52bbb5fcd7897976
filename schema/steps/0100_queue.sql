-- The tables behind the queue. Private: people and programs use the views and functions of schema
-- "outpost", which stay stable while these may change.
--
-- There are no foreign keys: rows are written and removed by the functions of this schema and by the
-- server, always message by message, and the checks would cost on every insert. All keys begin with the
-- message id, so that a message, its recipients and its attempts can live on one shard.

CREATE SCHEMA IF NOT EXISTS outpost_private;
CREATE SCHEMA IF NOT EXISTS outpost;

-- One run of one server process. Leases are tied to it: a node keeps everything it has leased by
-- renewing this one row, so work in flight costs no writes.
CREATE TABLE outpost_private.node (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text NOT NULL,
    hostname       text NOT NULL,
    program        text NOT NULL,              -- version of the program
    config_version text NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until    timestamptz NOT NULL,       -- after that, others may take over what it holds
    stopped_at     timestamptz,                -- set when it ended in order
    -- Whether it may hold slots of limits that no table shows (0102_limits.sql): false says that it cannot hold any,
    -- because it has only just started.
    uses_limits    boolean NOT NULL DEFAULT false
);
CREATE INDEX node_name ON outpost_private.node (name);

-- Message ids are handed out in blocks of 1,000: a node reserves one block with one statement.
CREATE SEQUENCE outpost_private.message_block;
-- Grows with every claim; fences old lease holders.
CREATE SEQUENCE outpost_private.lease_token;

CREATE TABLE outpost_private.message (
    id              bigint PRIMARY KEY,
    account         text NOT NULL,             -- '' for system mail and unauthenticated relaying
    mail_from       text NOT NULL,             -- '' for the null reverse-path
    header          bytea NOT NULL,            -- header section with its empty line
    size            bigint NOT NULL,           -- octets of header and body
    eightbit        boolean NOT NULL,
    smtputf8        boolean NOT NULL,
    require_tls     boolean,                   -- true: REQUIRETLS, false: TLS-Required: No (RFC 8689)
    ret             text NOT NULL CHECK (ret IN ('', 'full', 'hdrs')),
    envid           text NOT NULL,
    tag             text NOT NULL,
    message_id      text NOT NULL,             -- of the Message-ID field
    source          text NOT NULL,             -- submission, relay, sql, dsn
    client          text NOT NULL,
    idempotency_key text,
    submitted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_from        timestamptz NOT NULL DEFAULT clock_timestamp(), -- later for FUTURERELEASE (RFC 4865); retries count from here
    require_tls_by  text,                      -- who changed require_tls since it was accepted
    require_tls_at  timestamptz,
    -- Who signed it by DKIM (RFC 6376): '' nobody. Mail is signed where it is accepted, by the server, which has the keys.
    -- What outpost.enqueue takes in is signed by the node that attempts it first: such a row begins without signed_by, and
    -- whoever changes that from null has signed for all (core/delivery/queue/signing.cpp).
    signed_by       text
);
CREATE UNIQUE INDEX message_idempotency ON outpost_private.message (account, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
-- How much an account has sent of late: accounts may have a limit.
CREATE INDEX message_account ON outpost_private.message (account, submitted_at) WHERE account <> '';

-- The body, once for all recipients, in chunks. Bodies rarely compress well after base64, and trying
-- costs more than writing: EXTERNAL stores them as they are. The pieces fit a page
-- (core/delivery/queue/insert.cpp). Kept in the row, a piece is one heap tuple and one index entry; TOAST
-- would make five of each, and as many dead ones when it is freed: hence the high toast_tuple_target.
CREATE TABLE outpost_private.content (
    message_id bigint NOT NULL,
    seq        integer NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (message_id, seq)
);
ALTER TABLE outpost_private.content ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE outpost_private.content SET (toast_tuple_target = 8160);

CREATE TABLE outpost_private.recipient (
    message_id         bigint NOT NULL,
    number             integer NOT NULL,       -- from 1
    address            text NOT NULL,          -- domain as A-labels
    domain             text NOT NULL,          -- A-labels, or an address literal with brackets
    notify             text NOT NULL,          -- RFC 3461: '', NEVER, or SUCCESS,FAILURE,DELAY
    orcpt              text NOT NULL,
    state              text NOT NULL CHECK (state IN ('queued', 'leased', 'held', 'delivered', 'failed', 'dropped')),
    attempts           integer NOT NULL DEFAULT 0,   -- counted when an attempt begins
    crashes            integer NOT NULL DEFAULT 0,   -- attempts in a row whose node died
    next_attempt_at    timestamptz,                  -- when queued
    transport_override text NOT NULL DEFAULT '',
    lease_node         bigint,
    lease_token        bigint,                       -- kept after the lease, until the next claim
    leased_at          timestamptz,
    stage              text NOT NULL DEFAULT '',     -- how far the delivery in flight is
    on_uncertain       text NOT NULL DEFAULT 'resend' CHECK (on_uncertain IN ('resend', 'hold', 'assume_delivered')),
    uncertain          boolean NOT NULL DEFAULT false,  -- the final dot was sent and its reply is not known
    hold_reason        text NOT NULL DEFAULT '',
    held_by            text NOT NULL DEFAULT '',
    held_at            timestamptz,
    last_attempt_at    timestamptz,
    last_error         text NOT NULL DEFAULT '',     -- kind of error
    last_status        text NOT NULL DEFAULT '',     -- enhanced status
    last_reply         text NOT NULL DEFAULT '',     -- the remote's words, or ours
    last_reply_code    integer,
    last_transport     text NOT NULL DEFAULT '',
    last_remote_host   text NOT NULL DEFAULT '',
    last_remote_ip     text NOT NULL DEFAULT '',
    warned             boolean NOT NULL DEFAULT false,  -- a delay report has been asked for
    report             text CHECK (report IN ('delayed', 'failed', 'delivered', 'relayed')),  -- DSN to be written
    finished_at        timestamptz,
    -- Its node died while it had this recipient, whether its delivery had begun or not. The next attempt is
    -- noted in the database before it begins: who kills at once would otherwise never have a stage.
    interrupted        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (message_id, number)
) WITH (fillfactor = 70);  -- room for the stage to change in place (HOT)
-- Due work, oldest first; and by destination, to step over destinations that are saturated.
CREATE INDEX recipient_due ON outpost_private.recipient (next_attempt_at) WHERE state = 'queued';
CREATE INDEX recipient_lane ON outpost_private.recipient (domain, next_attempt_at) WHERE state = 'queued';
CREATE INDEX recipient_leased ON outpost_private.recipient (lease_node) WHERE state = 'leased';
CREATE INDEX recipient_report ON outpost_private.recipient (message_id) WHERE report IS NOT NULL;
CREATE INDEX recipient_finished ON outpost_private.recipient (finished_at) WHERE finished_at IS NOT NULL;
-- Oldest first, of what waits.
CREATE INDEX recipient_waiting ON outpost_private.recipient (state, message_id, number) WHERE state IN ('queued', 'held');
CREATE INDEX recipient_uncertain ON outpost_private.recipient (message_id) WHERE uncertain;
-- What became of the mail to one person. Not while in flight: so most mail costs one entry, not two.
CREATE INDEX recipient_address ON outpost_private.recipient (address) WHERE state <> 'leased';

-- Nobody asks for an attempt by a number of its own, so it has none: one index entry less for each.
CREATE TABLE outpost_private.attempt (
    message_id      bigint NOT NULL,
    number          integer NOT NULL,
    attempt         integer NOT NULL,
    started_at      timestamptz NOT NULL,
    duration        double precision NOT NULL,   -- seconds
    node            text NOT NULL,
    route_list      text NOT NULL,
    route_index     integer NOT NULL,
    route_name      text NOT NULL,
    route_reason    text NOT NULL,
    transport       text NOT NULL,
    remote_host     text NOT NULL,
    remote_ip       text NOT NULL,
    remote_port     integer NOT NULL,
    tls_version     text NOT NULL,
    tls_cipher      text NOT NULL,
    tls_verified    boolean NOT NULL,
    tls_requirement text NOT NULL,
    stage           text NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('delivered', 'deferred', 'failed', 'held', 'interrupted', 'late')),
    error_kind      text NOT NULL,
    reply_code      integer,
    status          text NOT NULL,
    reply           text NOT NULL,
    config_version  text NOT NULL,
    transcript      text NOT NULL,
    -- Who asked for its TLS requirement, and what was reached. Empty where nobody asked and nothing was reached.
    tls_policy      text NOT NULL DEFAULT '',
    tls_result      text NOT NULL DEFAULT ''
);
CREATE INDEX attempt_message ON outpost_private.attempt (message_id, number);
CREATE INDEX attempt_started ON outpost_private.attempt USING brin (started_at);

-- What the configuration says that SQL has to know: written by the nodes when they load it.
CREATE TABLE outpost_private.account (
    name       text PRIMARY KEY,
    addresses  text[] NOT NULL,
    domains    text[] NOT NULL,
    any_sender boolean NOT NULL
);
CREATE TABLE outpost_private.transport (
    name text PRIMARY KEY
);
CREATE TABLE outpost_private.configuration (
    version   text NOT NULL,
    node      text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Null reverse-paths cannot be told of a failure: what nobody heard of is kept here.
CREATE TABLE outpost_private.double_bounce (
    message_id bigint NOT NULL,
    number     integer NOT NULL,
    address    text NOT NULL,
    status     text NOT NULL,
    reply      text NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Vacuum. By default it begins when a fifth of a table is dead and then sleeps after each few pages: with
-- millions of rows that is too late, and with thousands of messages a second too slow. Here it begins
-- after some ten thousand, and may work in earnest.

ALTER TABLE outpost_private.recipient SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_limit = 2000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 5000);
-- Every body is a row that is deleted soon: the space is for the next one, so it is not given back.
ALTER TABLE outpost_private.content SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_limit = 2000,
    vacuum_truncate = false, toast.autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_vacuum_threshold = 10000,
    toast.autovacuum_vacuum_cost_limit = 2000, toast.vacuum_truncate = false);
-- Written once, deleted once, when they are old.
ALTER TABLE outpost_private.message SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_limit = 2000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 5000);
ALTER TABLE outpost_private.attempt SET (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_limit = 2000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 5000);
