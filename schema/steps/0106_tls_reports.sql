-- TLS reports that we send (RFC 8460): which are owed, who makes them, where they went.
--
-- A report is owed to a recipient domain, or to a policy domain of MX hosts, for a UTC day. Its row is its mark: there is
-- one, whatever the number of nodes, and the mail is queued in the transaction that takes the mark on. So no crash sends
-- one twice or loses a day.

CREATE TABLE outpost_private.tls_report (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day         date NOT NULL,                  -- in UTC, that it tells of
    domain      text NOT NULL,                  -- A-labels
    to_host     boolean NOT NULL,               -- to a policy domain of MX hosts
    state       text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'sent', 'failed', 'skipped')),
    next_at     timestamptz NOT NULL,           -- of 'due': not before. A node that makes it has it until then
    token       bigint,                         -- of the last claim: fences a node that was too slow
    attempts    integer NOT NULL DEFAULT 0,
    give_up_at  timestamptz,                    -- a day after the first attempt
    reason      text NOT NULL DEFAULT '',       -- why not, or why not yet; may hold strangers' words
    places      text NOT NULL DEFAULT '',       -- all that the domain's record named, one a line, sorted
    report_id   text NOT NULL DEFAULT '',
    successes   bigint NOT NULL DEFAULT 0,
    failures    bigint NOT NULL DEFAULT 0,
    content     bytea,                          -- gzip'd JSON, as long as it is to be posted
    planned_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_at     timestamptz,
    finished_at timestamptz,
    UNIQUE (day, domain, to_host)
);
CREATE INDEX tls_report_due ON outpost_private.tls_report (next_at) WHERE state = 'due';
CREATE INDEX tls_report_sending ON outpost_private.tls_report (id) WHERE state = 'sending';

-- A place that a report goes to.
CREATE TABLE outpost_private.tls_report_place (
    report_id   bigint NOT NULL REFERENCES outpost_private.tls_report ON DELETE CASCADE,
    place       text NOT NULL,                  -- mailto:ADDRESS or https:...
    state       text NOT NULL CHECK (state IN ('queued', 'posting', 'sent', 'failed', 'suppressed')),
    message_id  bigint,                         -- the mail that carries it, and which of its recipients this is
    number      integer,
    next_at     timestamptz,                    -- of a post: not before. A node that posts has it until then
    token       bigint,
    attempts    integer NOT NULL DEFAULT 0,     -- of posts
    give_up_at  timestamptz NOT NULL,           -- a day after the report was made (RFC 8460 section 5.5)
    reason      text NOT NULL DEFAULT '',
    finished_at timestamptz,
    PRIMARY KEY (report_id, place),
    CHECK ((state = 'posting') <= (next_at IS NOT NULL)),
    CHECK (num_nulls(message_id, number) IN (0, 2))
);
CREATE INDEX tls_report_place_posting ON outpost_private.tls_report_place (next_at) WHERE state = 'posting';
CREATE INDEX tls_report_place_queued ON outpost_private.tls_report_place (message_id, number) WHERE state = 'queued';
CREATE INDEX tls_report_place_sent ON outpost_private.tls_report_place (message_id, number) WHERE state = 'sent' AND message_id IS NOT NULL;

-- Places that get no TLS reports for a time: because people want it so, or because a report bounced.
CREATE TABLE outpost_private.tls_report_suppression (
    key           text PRIMARY KEY,           -- tls_report_place_key(place): what is compared
    place         text NOT NULL,
    reason        text NOT NULL,
    message_id    bigint,                     -- whose failure it was; null: people wanted it
    suppressed_by text NOT NULL,              -- database role, '' when a failure did it
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    until         timestamptz NOT NULL
);
CREATE INDEX tls_report_suppression_until ON outpost_private.tls_report_suppression (until);
