-- The counts with what was not added up yet.
CREATE OR REPLACE VIEW outpost_private.waiting_now AS
SELECT kind, name, sum(queued)::bigint AS queued, sum(held)::bigint AS held
FROM (SELECT kind, name, queued, held FROM outpost_private.waiting
      UNION ALL
      SELECT k.kind, k.name, c.queued, c.held
      FROM outpost_private.waiting_change c CROSS JOIN LATERAL
          (VALUES ('all', ''), ('account', c.account), ('domain', c.domain), ('tag', c.tag)) AS k (kind, name)) w
GROUP BY kind, name;
