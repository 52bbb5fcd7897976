-- needs: outpost_private.waiting_now
CREATE OR REPLACE VIEW outpost.tags AS
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
