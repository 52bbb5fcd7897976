-- needs: outpost.domains
-- The same as outpost.domains for the first in the order of `queued`, without adding up all others.
CREATE OR REPLACE VIEW outpost.busiest_domains AS
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

-- Its columns say what those of outpost.domains say.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attname, col_description('outpost.domains'::regclass, a.attnum) AS said
             FROM pg_attribute a WHERE a.attrelid = 'outpost.domains'::regclass AND a.attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN outpost.busiest_domains.%I IS %L', c.attname, c.said);
    END LOOP;
END $$;
