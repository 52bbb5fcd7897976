-- Writes down all that this node holds.
CREATE OR REPLACE FUNCTION outpost_private.limits_publish(
    self bigint, this_round bigint, transports text[], destinations text[], held integer[], limits integer[]
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outpost_private.node SET uses_limits = true WHERE id = self AND NOT uses_limits;
    -- Its own, and what dead nodes left. One that only seems dead has to publish anew.
    DELETE FROM outpost_private.limit_slot s WHERE s.node = self OR NOT EXISTS (
        SELECT FROM outpost_private.node n WHERE n.id = s.node AND n.lease_until > clock_timestamp());
    DELETE FROM outpost_private.limit_node p WHERE NOT EXISTS (
        SELECT FROM outpost_private.node n WHERE n.id = p.node AND n.lease_until > clock_timestamp());
    INSERT INTO outpost_private.limit_slot (transport, destination, node, slots, wanted, slot_limit)
    SELECT h.transport, h.destination, self, h.slots, 0, h.most
    FROM unnest(transports, destinations, held, limits) AS h (transport, destination, slots, most);
    INSERT INTO outpost_private.limit_node AS n (node, round) VALUES (self, this_round)
    ON CONFLICT (node) DO UPDATE SET round = greatest(n.round, excluded.round);
    PERFORM pg_notify('outpost_limits', self::text);
END $$;
