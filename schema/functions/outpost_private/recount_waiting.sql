-- Counts everything anew. For whoever has loaded or changed recipients with triggers off, and for whoever
-- distrusts the counts. Nothing can be queued meanwhile.
CREATE OR REPLACE FUNCTION outpost_private.recount_waiting() RETURNS void
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
