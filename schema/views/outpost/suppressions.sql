CREATE OR REPLACE VIEW outpost.suppressions AS
SELECT address, domain, reason, message_id, number, suppressed_by, created_at, until,
    coalesce(until > now(), true) AS in_force, key
FROM outpost_private.suppression;

COMMENT ON VIEW outpost.suppressions IS 'Addresses that get no more mail for a time';
COMMENT ON COLUMN outpost.suppressions.address IS 'The address, as it was given or as mail was sent to it';
COMMENT ON COLUMN outpost.suppressions.domain IS 'Its domain, A-labels, or an address literal';
COMMENT ON COLUMN outpost.suppressions.reason IS 'Why: what the remote said (a stranger''s text), or the words of who suppressed it';
COMMENT ON COLUMN outpost.suppressions.message_id IS 'The message whose failure suppressed it; null when people did';
COMMENT ON COLUMN outpost.suppressions.number IS 'Number of the recipient of that message';
COMMENT ON COLUMN outpost.suppressions.suppressed_by IS 'Database role that suppressed it; empty when a failure did';
COMMENT ON COLUMN outpost.suppressions.created_at IS 'Since when';
COMMENT ON COLUMN outpost.suppressions.until IS 'Until when; null: until outpost.unsuppress';
COMMENT ON COLUMN outpost.suppressions.in_force IS 'Whether it holds now';
COMMENT ON COLUMN outpost.suppressions.key IS 'What is compared: the same for all addresses of a mailbox';
