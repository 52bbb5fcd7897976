-- What a node may hold of one key, given what the others hold and want. Under contention each is sure of its share; what
-- is over goes to those who ask first; and `ceiling` tells a node that has more than its share to give it up when others
-- wait with less. Where there are more nodes than slots the share is 0: they take turns, in the order in which they began to
-- wait. The caller holds the key's lock.
CREATE OR REPLACE FUNCTION outpost_private.limits_grant(
    self bigint, live bigint[], key_transport text, key_destination text, keep integer, want integer, most integer,
    since timestamptz, OUT granted integer, OUT ceiling integer, OUT contended boolean
)
LANGUAGE plpgsql AS $$
DECLARE
    free integer;
    contenders integer;
    share integer;
    starving integer;
    before_us integer;
BEGIN
    SELECT most - keep - coalesce(sum(s.slots), 0), count(*) FILTER (WHERE s.slots > 0 OR s.wanted > 0) + 1,
        coalesce(bool_or(s.wanted > 0), false)
    INTO free, contenders, contended
    FROM outpost_private.limit_slot s
    WHERE s.transport = key_transport AND s.destination = key_destination AND s.node = ANY (live);
    granted := greatest(least(want, free), 0);
    IF NOT contended THEN
        RETURN;
    END IF;

    share := most / contenders;
    SELECT coalesce(sum(greatest(share, 1) - s.slots), 0),
        coalesce(sum(greatest(share, 1) - s.slots) FILTER (WHERE s.wanted_since < since), 0)
    INTO starving, before_us
    FROM outpost_private.limit_slot s
    WHERE s.transport = key_transport AND s.destination = key_destination AND s.node = ANY (live)
      AND s.wanted > 0 AND s.slots < greatest(share, 1);
    granted := greatest(0, least(
        want,
        (most + contenders - 1) / contenders - keep,
        free - CASE WHEN keep < greatest(share, 1) THEN before_us ELSE starving END));
    IF starving > free - granted THEN
        ceiling := share;
    END IF;
END $$;
