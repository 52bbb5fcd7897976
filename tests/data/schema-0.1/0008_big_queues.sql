-- Big queues and long runs: counts that do not scan, look-ups by index, a vacuum that keeps up.
-- schema/README.md, "Big queues", says why it is done so.

-- What waits, counted ------------------------------------------------------------------------------

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

-- One row for each domain, account and tag that a statement touched; none for what does not wait. The
-- message's row is looked up last, for these alone.
CREATE FUNCTION outpost_private.note_waiting() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    sign CONSTANT integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO outpost_private.waiting_change (domain, account, tag, queued, held, next_due)
    SELECT c.domain, coalesce(m.account, ''), coalesce(m.tag, ''),
        sign * count(*) FILTER (WHERE c.state = 'queued'), sign * count(*) FILTER (WHERE c.state = 'held'),
        CASE WHEN sign > 0 THEN min(c.next_attempt_at) FILTER (WHERE c.state = 'queued') END
    FROM changed_rows c
    LEFT JOIN LATERAL (SELECT account, tag FROM outpost_private.message WHERE id = c.message_id OFFSET 0) m ON true
    WHERE c.state IN ('queued', 'held') GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;

CREATE FUNCTION outpost_private.note_waiting_update() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outpost_private.waiting_change (domain, account, tag, queued, held, next_due, last_attempt_at, last_reply)
    SELECT c.domain, coalesce(m.account, ''), coalesce(m.tag, ''), sum(c.queued), sum(c.held), min(c.due), max(c.last_attempt_at),
        (array_agg(c.last_reply ORDER BY c.last_attempt_at DESC NULLS LAST))[1]
    FROM (SELECT n.message_id, n.domain, (n.state = 'queued')::integer AS queued, (n.state = 'held')::integer AS held,
              CASE WHEN n.state = 'queued' THEN n.next_attempt_at END AS due, n.last_attempt_at, n.last_reply
          FROM new_rows n WHERE n.state IN ('queued', 'held')
          UNION ALL
          SELECT o.message_id, o.domain, -(o.state = 'queued')::integer, -(o.state = 'held')::integer, NULL, NULL, NULL
          FROM old_rows o WHERE o.state IN ('queued', 'held')) c
    LEFT JOIN LATERAL (SELECT account, tag FROM outpost_private.message WHERE id = c.message_id OFFSET 0) m ON true
    GROUP BY 1, 2, 3
    HAVING sum(c.queued) <> 0 OR sum(c.held) <> 0 OR min(c.due) IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER recipient_waits_more AFTER INSERT ON outpost_private.recipient
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();
CREATE TRIGGER recipient_waits_less AFTER DELETE ON outpost_private.recipient
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();
CREATE TRIGGER recipient_waits AFTER UPDATE ON outpost_private.recipient
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting_update();

-- Adds up to `most` changes to the counts. Whoever reads sees each change once, here or there. Returns
-- how many were added: call again while that is `most`.
CREATE FUNCTION outpost_private.fold_waiting(most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    folded integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outpost_private.fold_waiting')) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM outpost_private.waiting_change
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM outpost_private.waiting_change LIMIT most)) RETURNING *
    ), sums AS (
        SELECT k.kind, k.name, sum(t.queued) AS queued, sum(t.held) AS held, max(t.last_attempt_at) AS last_attempt_at,
            coalesce((array_agg(t.last_reply ORDER BY t.last_attempt_at DESC NULLS LAST))[1], '') AS last_reply
        FROM taken t CROSS JOIN LATERAL
            (VALUES ('all', ''), ('account', t.account), ('domain', t.domain), ('tag', t.tag)) AS k (kind, name)
        GROUP BY k.kind, k.name
    ), added AS (
        INSERT INTO outpost_private.waiting AS w (kind, name, queued, held, next_due, last_attempt_at, last_reply)
        SELECT s.kind, s.name, s.queued, s.held,
            CASE WHEN s.kind = 'domain' THEN
                (SELECT min(r.next_attempt_at) FROM outpost_private.recipient r WHERE r.domain = s.name AND r.state = 'queued') END,
            s.last_attempt_at, s.last_reply
        FROM sums s
        ON CONFLICT (kind, name) DO UPDATE SET
            queued = w.queued + excluded.queued, held = w.held + excluded.held, next_due = excluded.next_due,
            last_attempt_at = greatest(w.last_attempt_at, excluded.last_attempt_at),
            last_reply = CASE WHEN excluded.last_attempt_at IS NULL OR excluded.last_attempt_at < w.last_attempt_at
                              THEN w.last_reply ELSE excluded.last_reply END
    )
    SELECT count(*) INTO folded FROM taken;
    DELETE FROM outpost_private.waiting WHERE queued = 0 AND held = 0;
    RETURN folded;
END $$;

-- Counts everything anew. For this step, for whoever has loaded or changed recipients with triggers
-- off, and for whoever distrusts the counts. Nothing can be queued meanwhile.
CREATE FUNCTION outpost_private.recount_waiting() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE outpost_private.recipient IN SHARE MODE;
    PERFORM pg_advisory_xact_lock(hashtext('outpost_private.fold_waiting'));
    DELETE FROM outpost_private.waiting_change;
    DELETE FROM outpost_private.waiting;
    INSERT INTO outpost_private.waiting (kind, name, queued, held, next_due, last_attempt_at, last_reply)
    SELECT CASE WHEN grouping(r.domain) = 0 THEN 'domain' WHEN grouping(m.account) = 0 THEN 'account'
                WHEN grouping(m.tag) = 0 THEN 'tag' ELSE 'all' END,
        coalesce(r.domain, m.account, m.tag, ''),
        count(*) FILTER (WHERE r.state = 'queued'), count(*) FILTER (WHERE r.state = 'held'),
        CASE WHEN grouping(r.domain) = 0 THEN min(r.next_attempt_at) FILTER (WHERE r.state = 'queued') END,
        max(r.last_attempt_at), coalesce(substr(max(to_char(r.last_attempt_at, 'YYYYMMDDHH24MISSUS') || r.last_reply), 21), '')
    FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id
    WHERE r.state IN ('queued', 'held')
    GROUP BY GROUPING SETS ((), (r.domain), (m.account), (m.tag))
    HAVING count(*) > 0;
END $$;
SELECT outpost_private.recount_waiting();

REVOKE ALL ON FUNCTION outpost_private.note_waiting, outpost_private.note_waiting_update, outpost_private.fold_waiting,
    outpost_private.recount_waiting FROM PUBLIC;

-- Look-ups by index --------------------------------------------------------------------------------

-- Oldest first, of what waits.
CREATE INDEX recipient_waiting ON outpost_private.recipient (state, message_id, number) WHERE state IN ('queued', 'held');
CREATE INDEX recipient_uncertain ON outpost_private.recipient (message_id) WHERE uncertain;
-- What became of the mail to one person. Not while in flight: so most mail costs one entry, not two.
CREATE INDEX recipient_address ON outpost_private.recipient (address) WHERE state <> 'leased';

-- Views --------------------------------------------------------------------------------------------

-- A barrier keeps functions in a question from rows that a view leaves out, and indexes from being used
-- in joins. These views keep nothing secret but columns.
ALTER VIEW outpost.messages RESET (security_barrier);
ALTER VIEW outpost.recipients RESET (security_barrier);
ALTER VIEW outpost.queue RESET (security_barrier);
ALTER VIEW outpost.attempts RESET (security_barrier);
ALTER VIEW outpost.nodes RESET (security_barrier);

-- In two parts, each of which has an index.
CREATE VIEW outpost.history AS
SELECT r.address, m.submitted_at, r.message_id, r.number, m.mail_from, r.state, r.attempts, r.next_attempt_at, r.last_status,
    r.last_reply, r.finished_at
FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id WHERE r.state <> 'leased'
UNION ALL
SELECT r.address, m.submitted_at, r.message_id, r.number, m.mail_from, r.state, r.attempts, r.next_attempt_at, r.last_status,
    r.last_reply, r.finished_at
FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id WHERE r.state = 'leased';
COMMENT ON VIEW outpost.history IS 'What became of the mail to an address: to be asked for one address';
COMMENT ON COLUMN outpost.history.address IS 'Envelope recipient';
COMMENT ON COLUMN outpost.history.submitted_at IS 'When the message was accepted';
COMMENT ON COLUMN outpost.history.message_id IS 'The message';
COMMENT ON COLUMN outpost.history.number IS 'Number of the recipient within its message';
COMMENT ON COLUMN outpost.history.mail_from IS 'Envelope sender';
COMMENT ON COLUMN outpost.history.state IS 'queued (waiting), leased (in flight), held (until someone acts), delivered, failed, dropped';
COMMENT ON COLUMN outpost.history.attempts IS 'Delivery attempts begun so far';
COMMENT ON COLUMN outpost.history.next_attempt_at IS 'When it is due, while queued';
COMMENT ON COLUMN outpost.history.last_status IS 'Enhanced status of the last attempt (RFC 3463)';
COMMENT ON COLUMN outpost.history.last_reply IS 'The remote server''s words, or why it could not be asked';
COMMENT ON COLUMN outpost.history.finished_at IS 'When it was delivered, failed or dropped';

CREATE OR REPLACE VIEW outpost.uncertain AS
SELECT * FROM outpost.queue WHERE uncertain
UNION ALL
SELECT * FROM outpost.queue WHERE state = 'leased' AND stage = 'final_dot' AND NOT uncertain;

-- The counts with what was not added up yet.
CREATE VIEW outpost_private.waiting_now AS
SELECT kind, name, sum(queued)::bigint AS queued, sum(held)::bigint AS held
FROM (SELECT kind, name, queued, held FROM outpost_private.waiting
      UNION ALL
      SELECT k.kind, k.name, c.queued, c.held
      FROM outpost_private.waiting_change c CROSS JOIN LATERAL
          (VALUES ('all', ''), ('account', c.account), ('domain', c.domain), ('tag', c.tag)) AS k (kind, name)) w
GROUP BY kind, name;

CREATE VIEW outpost.totals AS
SELECT 'queued' AS state, coalesce((SELECT queued FROM outpost_private.waiting_now WHERE kind = 'all'), 0) AS recipients,
    (SELECT m.submitted_at FROM outpost_private.message m
     WHERE m.id = (SELECT min(r.message_id) FROM outpost_private.recipient r WHERE r.state = 'queued')) AS oldest
UNION ALL
SELECT 'held', coalesce((SELECT held FROM outpost_private.waiting_now WHERE kind = 'all'), 0),
    (SELECT m.submitted_at FROM outpost_private.message m
     WHERE m.id = (SELECT min(r.message_id) FROM outpost_private.recipient r WHERE r.state = 'held'))
UNION ALL
SELECT 'leased', count(*), min(m.submitted_at)
FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id WHERE r.state = 'leased';
COMMENT ON VIEW outpost.totals IS 'How much is in the queue, by state; at once, however much it is';
COMMENT ON COLUMN outpost.totals.state IS 'queued (waiting), held, or leased (in flight)';
COMMENT ON COLUMN outpost.totals.recipients IS 'Recipients in that state';
COMMENT ON COLUMN outpost.totals.oldest IS 'When the message with the lowest id among them was accepted: within a block of ids, the oldest';

CREATE OR REPLACE VIEW outpost.domains AS
SELECT d.domain, d.queued, d.in_flight, d.held,
    (SELECT min(r.next_attempt_at) FROM outpost_private.recipient r
     WHERE r.domain = d.domain AND r.state = 'queued') AS next_attempt_at,
    d.last_attempt_at, d.last_reply
FROM (SELECT domain, sum(queued)::bigint AS queued, sum(in_flight)::bigint AS in_flight, sum(held)::bigint AS held,
          max(last_attempt_at) AS last_attempt_at,
          coalesce((array_agg(last_reply ORDER BY last_attempt_at DESC NULLS LAST))[1], '') AS last_reply
      FROM (SELECT name AS domain, queued, 0 AS in_flight, held, last_attempt_at, last_reply
            FROM outpost_private.waiting WHERE kind = 'domain'
            UNION ALL
            SELECT domain, queued, 0, held, last_attempt_at, last_reply FROM outpost_private.waiting_change
            UNION ALL
            SELECT domain, 0, 1, 0, last_attempt_at, last_reply FROM outpost_private.recipient WHERE state = 'leased') parts
      GROUP BY domain
      HAVING sum(queued) <> 0 OR sum(in_flight) <> 0 OR sum(held) <> 0) d;
COMMENT ON COLUMN outpost.domains.last_attempt_at IS 'Last attempt that left something waiting';

-- The same for the first in the order of `queued`, without adding up all others.
CREATE VIEW outpost.busiest_domains AS
SELECT d.domain, d.queued, d.in_flight, d.held,
    (SELECT min(r.next_attempt_at) FROM outpost_private.recipient r
     WHERE r.domain = d.domain AND r.state = 'queued') AS next_attempt_at,
    d.last_attempt_at, d.last_reply
FROM (SELECT domain, sum(queued)::bigint AS queued, sum(in_flight)::bigint AS in_flight, sum(held)::bigint AS held,
          max(last_attempt_at) AS last_attempt_at,
          coalesce((array_agg(last_reply ORDER BY last_attempt_at DESC NULLS LAST))[1], '') AS last_reply
      FROM (SELECT w.name AS domain, w.queued, 0 AS in_flight, w.held, w.last_attempt_at, w.last_reply
            FROM ((SELECT name FROM outpost_private.waiting WHERE kind = 'domain' ORDER BY queued DESC LIMIT 40)
                  UNION SELECT domain FROM outpost_private.waiting_change
                  UNION SELECT domain FROM outpost_private.recipient WHERE state = 'leased') candidate (name)
            CROSS JOIN LATERAL (SELECT * FROM outpost_private.waiting x
                                WHERE x.kind = 'domain' AND x.name = candidate.name OFFSET 0) w
            UNION ALL
            SELECT domain, queued, 0, held, last_attempt_at, last_reply FROM outpost_private.waiting_change
            UNION ALL
            SELECT domain, 0, 1, 0, last_attempt_at, last_reply FROM outpost_private.recipient WHERE state = 'leased') parts
      GROUP BY domain
      HAVING sum(queued) <> 0 OR sum(in_flight) <> 0 OR sum(held) <> 0
      ORDER BY 2 DESC, 1 LIMIT 20) d
ORDER BY d.queued DESC, d.domain;
COMMENT ON VIEW outpost.busiest_domains IS 'The twenty domains for which most is waiting; at once, however many there are';
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attname, col_description('outpost.domains'::regclass, a.attnum) AS said
             FROM pg_attribute a WHERE a.attrelid = 'outpost.domains'::regclass AND a.attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN outpost.busiest_domains.%I IS %L', c.attname, c.said);
    END LOOP;
END $$;

CREATE OR REPLACE VIEW outpost.accounts AS
SELECT a.name, a.addresses, a.domains, a.any_sender, coalesce(w.queued + w.held, 0) + coalesce(f.in_flight, 0) AS queued
FROM outpost_private.account a
LEFT JOIN outpost_private.waiting_now w ON w.kind = 'account' AND w.name = a.name
LEFT JOIN (SELECT m.account, count(*) AS in_flight
           FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id
           WHERE r.state = 'leased' GROUP BY m.account) f ON f.account = a.name;

CREATE VIEW outpost.tags AS
SELECT tag, sum(queued)::bigint AS queued, sum(in_flight)::bigint AS in_flight, sum(held)::bigint AS held
FROM (SELECT name AS tag, queued, 0 AS in_flight, held FROM outpost_private.waiting_now WHERE kind = 'tag'
      UNION ALL
      SELECT m.tag, 0, 1, 0
      FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id WHERE r.state = 'leased') parts
GROUP BY tag
HAVING sum(queued) <> 0 OR sum(in_flight) <> 0 OR sum(held) <> 0;
COMMENT ON VIEW outpost.tags IS 'The queue by tag';
COMMENT ON COLUMN outpost.tags.tag IS 'Class given at submission; empty: none';
COMMENT ON COLUMN outpost.tags.queued IS 'Recipients waiting';
COMMENT ON COLUMN outpost.tags.in_flight IS 'Recipients being delivered now';
COMMENT ON COLUMN outpost.tags.held IS 'Recipients on hold';

DO $$
BEGIN
    GRANT SELECT ON outpost.totals, outpost.history, outpost.busiest_domains, outpost.tags TO outpost_reader, outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the new views were granted to nobody: this role may not do so';
END $$;

-- Vacuum -------------------------------------------------------------------------------------------
-- By default it begins when a fifth of a table is dead and then sleeps after each few pages: with
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
