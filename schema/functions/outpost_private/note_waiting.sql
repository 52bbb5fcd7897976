-- One row for each domain, account and tag that a statement touched; none for what does not wait. The
-- message's row is looked up last, for these alone.
CREATE OR REPLACE FUNCTION outpost_private.note_waiting() RETURNS trigger
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
