CREATE OR REPLACE VIEW outpost.limits WITH (security_barrier) AS
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
