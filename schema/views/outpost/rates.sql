CREATE OR REPLACE VIEW outpost.rates WITH (security_barrier) AS
SELECT transport, destination, sum(messages) AS messages, min(until) AS next_at
FROM outpost_private.limit_rate WHERE until > clock_timestamp() GROUP BY transport, destination;

COMMENT ON VIEW outpost.rates IS 'Messages that count against limits of messages in an interval';
COMMENT ON COLUMN outpost.rates.transport IS 'Transport';
COMMENT ON COLUMN outpost.rates.destination IS 'Recipient domain, empty for a relay, * for the transport as a whole';
COMMENT ON COLUMN outpost.rates.messages IS 'Messages that were let go within the interval';
COMMENT ON COLUMN outpost.rates.next_at IS 'When the first of them no longer count';
