CREATE OR REPLACE VIEW outpost.configurations WITH (security_barrier) AS
SELECT version, node, loaded_at FROM outpost_private.configuration;

COMMENT ON VIEW outpost.configurations IS 'Which node loaded which configuration when; attempts name the version';
COMMENT ON COLUMN outpost.configurations.version IS 'Hash of the configuration file';
COMMENT ON COLUMN outpost.configurations.node IS 'Name of the node';
COMMENT ON COLUMN outpost.configurations.loaded_at IS 'When it was loaded';
