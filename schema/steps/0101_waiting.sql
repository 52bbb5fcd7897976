-- What waits, counted: counts that do not scan, kept by the triggers of recipient. schema/README.md, "Big
-- queues", says why it is done so.

-- Recipients that are queued or held, by all that people ask for. What is in flight is not counted
-- here: most mail never waits, and costs nothing here.
CREATE TABLE outpost_private.waiting (
    kind            text NOT NULL CHECK (kind IN ('all', 'account', 'domain', 'tag')),
    name            text NOT NULL,             -- '' for 'all'
    queued          bigint NOT NULL,
    held            bigint NOT NULL,
    next_due        timestamptz,               -- of a domain: when the first of its recipients is due
    last_attempt_at timestamptz,               -- of those that left something waiting
    last_reply      text NOT NULL,
    PRIMARY KEY (kind, name)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
CREATE INDEX waiting_most ON outpost_private.waiting (kind, queued);
CREATE INDEX waiting_due ON outpost_private.waiting (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX waiting_none ON outpost_private.waiting (kind) WHERE queued = 0 AND held = 0;

-- Changes that are not in there yet. Statements only append here, so that no two of them ever wait for
-- each other; one node at a time adds it up (fold_waiting).
CREATE TABLE outpost_private.waiting_change (
    domain          text NOT NULL,
    account         text NOT NULL,
    tag             text NOT NULL,
    queued          bigint NOT NULL,
    held            bigint NOT NULL,
    next_due        timestamptz,               -- the first due time among those that were queued
    last_attempt_at timestamptz,
    last_reply      text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, vacuum_truncate = false);
