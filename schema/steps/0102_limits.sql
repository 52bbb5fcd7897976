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
-- The same as a lasting fact is node.uses_limits.

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
