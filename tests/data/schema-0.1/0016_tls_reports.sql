-- TLS reports that we send (RFC 8460): which are owed, who makes them, where they went.
--
-- A report is owed to a recipient domain, or to a policy domain of MX hosts, for a UTC day. Its row is its mark: there is
-- one, whatever the number of nodes, and the mail is queued in the transaction that takes the mark on. So no crash sends
-- one twice or loses a day.

-- Whether the reports that a result is a reason for have their marks. What was learned before reports were sent has no claim
-- to any.
ALTER TABLE outpost_private.tls_result ADD COLUMN planned boolean NOT NULL DEFAULT true;
ALTER TABLE outpost_private.tls_result ALTER COLUMN planned SET DEFAULT false;
CREATE INDEX tls_result_unplanned ON outpost_private.tls_result (day) WHERE send_report AND NOT planned;

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

-- A report ends when all its places have: sent, if any place has it.
CREATE FUNCTION outpost_private.finish_tls_reports() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    finished integer;
BEGIN
    UPDATE outpost_private.tls_report r
    SET finished_at = clock_timestamp(), content = NULL,
        state = CASE WHEN EXISTS (SELECT FROM outpost_private.tls_report_place p WHERE p.report_id = r.id AND p.state = 'sent')
                THEN 'sent' ELSE 'failed' END
    WHERE r.state = 'sending'
        AND NOT EXISTS (SELECT FROM outpost_private.tls_report_place p WHERE p.report_id = r.id AND p.state IN ('queued', 'posting'));
    GET DIAGNOSTICS finished = ROW_COUNT;
    RETURN finished;
END $$;

CREATE VIEW outpost.tls_reports_sent AS
SELECT r.day, r.domain, CASE WHEN r.to_host THEN 'mx host' ELSE 'domain' END AS about, r.state,
    CASE WHEN r.state = 'due' THEN r.next_at END AS due_at, r.attempts, nullif(r.reason, '') AS reason,
    nullif(r.report_id, '') AS report_id, r.successes, r.failures, string_to_array(r.places, E'\n') AS places,
    r.made_at, r.finished_at, r.id
FROM outpost_private.tls_report r;
COMMENT ON VIEW outpost.tls_reports_sent IS 'TLS reports that were owed to others (RFC 8460), and what became of each';
COMMENT ON COLUMN outpost.tls_reports_sent.day IS 'Day in UTC that it tells of';
COMMENT ON COLUMN outpost.tls_reports_sent.domain IS 'Domain that it is for, in A-labels';
COMMENT ON COLUMN outpost.tls_reports_sent.about IS 'domain: to a domain that mail went to; mx host: to a policy domain of MX hosts';
COMMENT ON COLUMN outpost.tls_reports_sent.state IS 'due; sending (queued or being posted); sent (to one place at least); failed; skipped (nobody wants it)';
COMMENT ON COLUMN outpost.tls_reports_sent.due_at IS 'Of one that is due: when it is tried, or tried again';
COMMENT ON COLUMN outpost.tls_reports_sent.attempts IS 'How often a node has begun to make it';
COMMENT ON COLUMN outpost.tls_reports_sent.reason IS 'Why it was skipped or failed, or could not be made yet';
COMMENT ON COLUMN outpost.tls_reports_sent.report_id IS 'By which its receiver knows it, however often it comes';
COMMENT ON COLUMN outpost.tls_reports_sent.successes IS 'Sessions in it that succeeded';
COMMENT ON COLUMN outpost.tls_reports_sent.failures IS 'Sessions in it that failed';
COMMENT ON COLUMN outpost.tls_reports_sent.places IS 'Where the domain''s record wanted it (rua)';
COMMENT ON COLUMN outpost.tls_reports_sent.made_at IS 'When it was made, and its mail queued';
COMMENT ON COLUMN outpost.tls_reports_sent.finished_at IS 'When the last place had it, or it was given up or skipped';
COMMENT ON COLUMN outpost.tls_reports_sent.id IS 'Key to tls_report_places';

CREATE VIEW outpost.tls_report_places AS
SELECT r.day, r.domain, CASE WHEN r.to_host THEN 'mx host' ELSE 'domain' END AS about, p.place, p.state, p.message_id, p.number,
    p.attempts AS posts, p.next_at AS next_post_at, p.give_up_at, nullif(p.reason, '') AS reason, p.finished_at, p.report_id
FROM outpost_private.tls_report_place p JOIN outpost_private.tls_report r ON r.id = p.report_id;
COMMENT ON VIEW outpost.tls_report_places IS 'Where each report of tls_reports_sent went, and whether it got there';
COMMENT ON COLUMN outpost.tls_report_places.day IS 'Day in UTC that the report tells of';
COMMENT ON COLUMN outpost.tls_report_places.domain IS 'Domain that it is for';
COMMENT ON COLUMN outpost.tls_report_places.about IS 'domain or mx host, as in tls_reports_sent';
COMMENT ON COLUMN outpost.tls_report_places.place IS 'mailto:ADDRESS, or the https URI';
COMMENT ON COLUMN outpost.tls_report_places.state IS 'queued (mail under way), posting (HTTPS, still to succeed), sent, failed, suppressed (nothing was sent)';
COMMENT ON COLUMN outpost.tls_report_places.message_id IS 'The mail that carries it, as in outpost.messages';
COMMENT ON COLUMN outpost.tls_report_places.number IS 'Number of the recipient of that message';
COMMENT ON COLUMN outpost.tls_report_places.posts IS 'How often it was posted';
COMMENT ON COLUMN outpost.tls_report_places.next_post_at IS 'When it is posted again';
COMMENT ON COLUMN outpost.tls_report_places.give_up_at IS 'No attempt is made later';
COMMENT ON COLUMN outpost.tls_report_places.reason IS 'What was said last, where it did not succeed';
COMMENT ON COLUMN outpost.tls_report_places.finished_at IS 'When it got there, or was given up';
COMMENT ON COLUMN outpost.tls_report_places.report_id IS 'The id in tls_reports_sent';

COMMENT ON COLUMN outpost.messages.source IS 'How it came in: submission, relay, sql, dsn, or tlsrpt';

REVOKE ALL ON FUNCTION outpost_private.finish_tls_reports FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.tls_reports_sent, outpost.tls_report_places TO outpost_reader, outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the views of TLS reports were granted to nobody: this role may not do so';
END $$;
