-- needs: outpost_private.waiting_now
CREATE OR REPLACE VIEW outpost.totals AS
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
