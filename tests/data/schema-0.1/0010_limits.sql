-- Limits that hold across all nodes: how many deliveries run at once to a destination and through a transport, and how
-- many messages go there in an interval.
--
-- While a node is the only live one it counts its deliveries in memory, and nothing of that is here. As soon as a second
-- one lives, each writes down what it holds ("publishes") and takes and gives back slots here. The rule that makes this
-- safe: nobody is granted a slot while a live node that ever held any has not published. So it does not matter that the
-- slots are in UNLOGGED tables, which are empty after a crash of the database and on a promoted standby: then all publish
-- again before anyone takes more.

-- Nodes that have published what they hold. A node without a row here may hold slots that only it knows of.
CREATE UNLOGGED TABLE outpost_private.limit_node (
    node  bigint PRIMARY KEY,
    round bigint NOT NULL                      -- of its last exchange; one that comes late changes nothing
);
-- The same as a lasting fact: false says that it cannot hold any, because it has only just started.
ALTER TABLE outpost_private.node ADD COLUMN uses_limits boolean NOT NULL DEFAULT false;

CREATE UNLOGGED TABLE outpost_private.limit_slot (
    transport    text NOT NULL,
    destination  text NOT NULL,                -- recipient domain, '' for a relay, '*' for the transport as a whole
    node         bigint NOT NULL,
    slots        integer NOT NULL,             -- deliveries that it may have under way
    wanted       integer NOT NULL,             -- more that it could begin at once
    wanted_since timestamptz,
    slot_limit   integer NOT NULL,
    PRIMARY KEY (transport, destination, node)
) WITH (fillfactor = 70);
CREATE INDEX limit_slot_node ON outpost_private.limit_slot (node);
CREATE INDEX limit_slot_wanted ON outpost_private.limit_slot (transport, destination) WHERE wanted > 0;

-- Messages that were let go: each counts until `until`, which is an interval (and a little) later. Logged, so that a
-- crash does not give the allowance twice.
CREATE TABLE outpost_private.limit_rate (
    transport   text NOT NULL,
    destination text NOT NULL,
    until       timestamptz NOT NULL,
    messages    integer NOT NULL,
    PRIMARY KEY (transport, destination, until)
) WITH (fillfactor = 70);
CREATE INDEX limit_rate_until ON outpost_private.limit_rate (until);

-- Whether no other node lives. If so this one is no longer published: from now on it counts in memory, and others must
-- ask it to publish. The lock keeps the two decisions of two nodes from crossing: this one, and that to grant a slot.
CREATE FUNCTION outpost_private.limits_alone(self bigint) RETURNS boolean
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

-- Writes down all that this node holds.
CREATE FUNCTION outpost_private.limits_publish(
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

-- What a node may hold of one key, given what the others hold and want. Under contention each is sure of its share; what
-- is over goes to those who ask first; and `ceiling` tells who has more than his share to give it up when others wait
-- with less. Where there are more nodes than slots the share is 0: they take turns, in the order in which they began to
-- wait. The caller holds the key's lock.
CREATE FUNCTION outpost_private.limits_grant(
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

-- One node's exchange: for each key it says how many slots it keeps, how many more it wants and what the limit is, and
-- learns how many it has now. `standing` of the first row says where it stands: 'unpublished' (publish first), 'alone'
-- (see limits_alone), 'waiting' (another node has to publish first; it has been told to), 'shared'. Keys come back that
-- it did not ask for: those of which it holds slots that others wait for.
CREATE FUNCTION outpost_private.limits_exchange(
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
        -- Who gives a slot up and wants one again waits at the end of the line.
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

-- Lets messages go, as many as the limits allow: never more than `most` within `interval_s` seconds, by whichever nodes.
-- What is granted may be used for `use_within_s` seconds and counts from the end of that. A grant is a small part of the
-- limit, so that nodes take turns. Where nothing is granted, `retry_s` says when there may be something.
CREATE FUNCTION outpost_private.limits_let_go(
    transports text[], destinations text[], wants integer[], limits integer[], intervals_s float8[], use_within_s float8[]
) RETURNS TABLE (transport text, destination text, granted integer, retry_s float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    k record;
    gone integer;
    earliest timestamptz;
    moment timestamptz;
BEGIN
    DELETE FROM outpost_private.limit_rate WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outpost_private.limit_rate WHERE until <= clock_timestamp() LIMIT 100 FOR UPDATE SKIP LOCKED));
    FOR k IN
        SELECT a.*, hashtext(a.transport || ' ' || a.destination) AS lock
        FROM unnest(transports, destinations, wants, limits, intervals_s, use_within_s)
            AS a (transport, destination, want, most, span, slice)
        ORDER BY lock
    LOOP
        PERFORM pg_advisory_xact_lock(hashtext('outpost_private.limit_rate'), k.lock);
        moment := clock_timestamp();
        SELECT coalesce(sum(r.messages), 0), min(r.until) INTO gone, earliest FROM outpost_private.limit_rate r
        WHERE r.transport = k.transport AND r.destination = k.destination AND r.until > moment;
        transport := k.transport;
        destination := k.destination;
        granted := greatest(0, least(k.want, k.most - gone, greatest(k.most / 20, 1)));
        retry_s := CASE WHEN granted = 0 THEN extract(epoch FROM coalesce(earliest, moment) - moment) ELSE 0 END;
        IF granted > 0 THEN
            -- Rounded up to whole slices: so a limit has few rows, however high it is.
            INSERT INTO outpost_private.limit_rate AS r (transport, destination, until, messages)
            VALUES (k.transport, k.destination,
                    date_bin(make_interval(secs => k.slice), moment, '2000-01-01') + make_interval(secs => k.span + 2 * k.slice),
                    granted)
            ON CONFLICT (transport, destination, until) DO UPDATE SET messages = r.messages + excluded.messages;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

CREATE VIEW outpost.limits WITH (security_barrier) AS
SELECT s.transport, s.destination, n.name AS node, s.slots, s.wanted, s.wanted_since, s.slot_limit
FROM outpost_private.limit_slot s
JOIN outpost_private.node n ON n.id = s.node AND n.lease_until > clock_timestamp();
COMMENT ON VIEW outpost.limits IS 'Who may have how many deliveries under way. Empty while there is one node: it counts in memory';
COMMENT ON COLUMN outpost.limits.transport IS 'Transport';
COMMENT ON COLUMN outpost.limits.destination IS 'Recipient domain, empty for a relay, * for the transport as a whole';
COMMENT ON COLUMN outpost.limits.node IS 'Name of the node';
COMMENT ON COLUMN outpost.limits.slots IS 'Deliveries that it may have under way';
COMMENT ON COLUMN outpost.limits.wanted IS 'More that it could begin at once';
COMMENT ON COLUMN outpost.limits.wanted_since IS 'Since when it waits for these';
COMMENT ON COLUMN outpost.limits.slot_limit IS 'The limit for all nodes together';

CREATE VIEW outpost.rates WITH (security_barrier) AS
SELECT transport, destination, sum(messages) AS messages, min(until) AS next_at
FROM outpost_private.limit_rate WHERE until > clock_timestamp() GROUP BY transport, destination;
COMMENT ON VIEW outpost.rates IS 'Messages that count against limits of messages in an interval';
COMMENT ON COLUMN outpost.rates.transport IS 'Transport';
COMMENT ON COLUMN outpost.rates.destination IS 'Recipient domain, empty for a relay, * for the transport as a whole';
COMMENT ON COLUMN outpost.rates.messages IS 'Messages that were let go within the interval';
COMMENT ON COLUMN outpost.rates.next_at IS 'When the first of them no longer count';

REVOKE ALL ON FUNCTION outpost_private.limits_alone, outpost_private.limits_publish, outpost_private.limits_grant,
    outpost_private.limits_exchange, outpost_private.limits_let_go FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.limits, outpost.rates TO outpost_reader, outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the roles outpost_reader and outpost_operator do not see the limits: they are not there, or not ours to grant to';
END $$;
