-- As note_waiting, for updates: one row for what both sides of the change add up to, none where nothing changes.
CREATE OR REPLACE FUNCTION outpost_private.note_waiting_update() RETURNS trigger
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
