-- Whether no other node lives. If so this one is no longer published: from now on it counts in memory, and others must
-- ask it to publish. The lock keeps the two decisions of two nodes from crossing: this one, and that to grant a slot.
CREATE OR REPLACE FUNCTION outpost_private.limits_alone(self bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('outpost_private.limits'));
    IF NOT EXISTS (SELECT FROM outpost_private.node WHERE id = self AND lease_until > clock_timestamp())
       OR EXISTS (SELECT FROM outpost_private.node WHERE id <> self AND lease_until > clock_timestamp()) THEN
        RETURN false;
    END IF;
    DELETE FROM outpost_private.limit_slot;
    DELETE FROM outpost_private.limit_node;
    UPDATE outpost_private.node SET uses_limits = true WHERE id = self AND NOT uses_limits;
    RETURN true;
END $$;
