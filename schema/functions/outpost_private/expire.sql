-- Deletes what finished longer ago than `age`, up to `most` recipients, and messages left without any.
-- One node at a time: two that delete the last two recipients of a message would each leave the message
-- to the other. Returns how many recipients were deleted: call again while that is `most`.
CREATE OR REPLACE FUNCTION outpost_private.expire(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
    deleted integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outpost_private.expire')) THEN
        RETURN 0;
    END IF;
    WITH old AS (
        SELECT message_id, number FROM outpost_private.recipient
        WHERE finished_at < clock_timestamp() - age AND report IS NULL
        ORDER BY finished_at LIMIT most FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM outpost_private.recipient r USING old
        WHERE r.message_id = old.message_id AND r.number = old.number RETURNING r.message_id
    )
    SELECT array_agg(DISTINCT message_id), count(*) INTO touched, deleted FROM gone;

    DELETE FROM outpost_private.content c WHERE c.message_id = ANY (touched)
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.message_id = c.message_id);
    DELETE FROM outpost_private.message m WHERE m.id = ANY (touched)
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.message_id = m.id);
    DELETE FROM outpost_private.node n WHERE n.lease_until < clock_timestamp() - age
        AND NOT EXISTS (SELECT FROM outpost_private.recipient r WHERE r.lease_node = n.id AND r.state = 'leased');
    RETURN deleted;
END $$;
