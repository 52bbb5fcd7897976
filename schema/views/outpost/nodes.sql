CREATE OR REPLACE VIEW outpost.nodes AS
SELECT n.name, n.hostname, n.program, n.config_version, n.started_at, n.heartbeat_at, n.lease_until,
    CASE WHEN n.stopped_at IS NOT NULL THEN 'stopped' WHEN n.lease_until > clock_timestamp() THEN 'alive' ELSE 'lost' END AS state,
    (SELECT count(*) FROM outpost_private.recipient r WHERE r.state = 'leased' AND r.lease_node = n.id) AS in_flight
FROM outpost_private.node n;

COMMENT ON VIEW outpost.nodes IS 'Runs of server processes';
COMMENT ON COLUMN outpost.nodes.name IS 'Name of the node';
COMMENT ON COLUMN outpost.nodes.hostname IS 'What it calls itself in SMTP';
COMMENT ON COLUMN outpost.nodes.program IS 'Version of the program';
COMMENT ON COLUMN outpost.nodes.config_version IS 'Version of the configuration in use';
COMMENT ON COLUMN outpost.nodes.started_at IS 'When it started';
COMMENT ON COLUMN outpost.nodes.heartbeat_at IS 'When it was last heard of';
COMMENT ON COLUMN outpost.nodes.lease_until IS 'When others take over what it holds, unless heard of before';
COMMENT ON COLUMN outpost.nodes.state IS 'alive, lost (its leases ran out) or stopped';
COMMENT ON COLUMN outpost.nodes.in_flight IS 'Recipients it holds';
