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

COMMENT ON VIEW outpost.domains IS 'The queue by recipient domain';
COMMENT ON COLUMN outpost.domains.domain IS 'Recipient domain';
COMMENT ON COLUMN outpost.domains.queued IS 'Recipients waiting';
COMMENT ON COLUMN outpost.domains.in_flight IS 'Recipients being delivered now';
COMMENT ON COLUMN outpost.domains.held IS 'Recipients on hold';
COMMENT ON COLUMN outpost.domains.next_attempt_at IS 'When the first of them is due';
COMMENT ON COLUMN outpost.domains.last_attempt_at IS 'Last attempt that left something waiting';
COMMENT ON COLUMN outpost.domains.last_reply IS 'What was said then';
