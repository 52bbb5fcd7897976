-- One node's exchange: for each key it says how many slots it keeps, how many more it wants and what the limit is, and
-- learns how many it has now. `standing` of the first row says where it stands: 'unpublished' (publish first), 'alone'
-- (see limits_alone), 'waiting' (another node has to publish first; it has been told to), 'shared'. Keys come back that
-- it did not ask for: those of which it holds slots that others wait for.
CREATE OR REPLACE FUNCTION outpost_private.limits_exchange(
    self bigint, this_round bigint, transports text[], destinations text[], keeps integer[], wants integer[], limits integer[]
) RETURNS TABLE (standing text, transport text, destination text, slots integer, ceiling integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    live bigint[];
    k record;
    g record;
    old record;
    told boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('outpost_private.limits'));
    UPDATE outpost_private.limit_node n SET round = this_round WHERE n.node = self AND n.round < this_round;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM outpost_private.node n WHERE n.id = self AND n.lease_until > clock_timestamp()) THEN
        RETURN QUERY SELECT 'unpublished', '', '', 0, NULL::integer;
        RETURN;
    END IF;
    live := ARRAY(SELECT n.id FROM outpost_private.node n WHERE n.id <> self AND n.lease_until > clock_timestamp());
    IF live = '{}' THEN
        RETURN QUERY SELECT 'alone', '', '', 0, NULL::integer;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM outpost_private.node n WHERE n.id = ANY (live) AND n.uses_limits
               AND NOT EXISTS (SELECT FROM outpost_private.limit_node p WHERE p.node = n.id)) THEN
        PERFORM pg_notify('outpost_limits', self::text);
        RETURN QUERY SELECT 'waiting', '', '', 0, NULL::integer;
        RETURN;
    END IF;
    RETURN QUERY SELECT 'shared', '', '', 0, NULL::integer;

    FOR k IN
        SELECT a.transport, a.destination, a.keep, a.want, a.most, hashtext(a.transport || ' ' || a.destination) AS lock
        FROM unnest(transports, destinations, keeps, wants, limits) AS a (transport, destination, keep, want, most)
        UNION ALL
        (SELECT s.transport, s.destination, NULL, 0, s.slot_limit, hashtext(s.transport || ' ' || s.destination)
         FROM outpost_private.limit_slot s
         WHERE s.node = self AND s.slots > 0
           AND EXISTS (SELECT FROM outpost_private.limit_slot o WHERE o.wanted > 0 AND o.node = ANY (live)
                       AND o.transport = s.transport AND o.destination = s.destination)
           AND NOT EXISTS (SELECT FROM unnest(transports, destinations) AS a (t, d)
                           WHERE a.t = s.transport AND a.d = s.destination)
         LIMIT 200)
        ORDER BY lock  -- one order for all nodes: no two wait for each other in a circle
    LOOP
        PERFORM pg_advisory_xact_lock(hashtext('outpost_private.limit_slot'), k.lock);
        SELECT s.slots, s.wanted, s.wanted_since INTO old FROM outpost_private.limit_slot s
        WHERE s.transport = k.transport AND s.destination = k.destination AND s.node = self;
        k.keep := coalesce(k.keep, old.slots, 0);
        -- A node that gives a slot up and wants one again waits at the end of the line.
        IF old.wanted_since IS NULL OR k.keep < old.slots THEN
            old.wanted_since := clock_timestamp();
        END IF;
        g := outpost_private.limits_grant(
            self, live, k.transport, k.destination, k.keep, k.want, k.most, old.wanted_since);
        IF k.keep + k.want = 0 THEN
            DELETE FROM outpost_private.limit_slot s
            WHERE s.transport = k.transport AND s.destination = k.destination AND s.node = self;
        ELSE
            INSERT INTO outpost_private.limit_slot AS s (transport, destination, node, slots, wanted, wanted_since, slot_limit)
            VALUES (k.transport, k.destination, self, k.keep + g.granted, k.want - g.granted,
                    CASE WHEN k.want > g.granted THEN old.wanted_since END, k.most)
            ON CONFLICT (transport, destination, node) DO UPDATE
            SET slots = excluded.slots, wanted = excluded.wanted, wanted_since = excluded.wanted_since,
                slot_limit = excluded.slot_limit;
        END IF;
        told := told OR (g.contended AND k.keep + g.granted < old.slots)
                     OR (k.want > g.granted AND coalesce(old.wanted, 0) = 0);
        RETURN QUERY SELECT 'shared', k.transport, k.destination, k.keep + g.granted, g.ceiling;
    END LOOP;
    -- Others learn that somebody waits, or that there is something to take.
    IF told THEN
        PERFORM pg_notify('outpost_limits', self::text);
    END IF;
END $$;
