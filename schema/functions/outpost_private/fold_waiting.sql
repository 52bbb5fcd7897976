-- Adds up to `most` changes to the counts. Whoever reads sees each change once, here or there. Returns
-- how many were added: call again while that is `most`.
CREATE OR REPLACE FUNCTION outpost_private.fold_waiting(most integer) RETURNS integer
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
