CREATE OR REPLACE VIEW outpost.double_bounces WITH (security_barrier) AS
SELECT message_id, number, address, status, reply, noted_at FROM outpost_private.double_bounce;

COMMENT ON VIEW outpost.double_bounces IS 'Failures of mail with a null reverse-path: nobody could be told';
COMMENT ON COLUMN outpost.double_bounces.message_id IS 'The message';
COMMENT ON COLUMN outpost.double_bounces.number IS 'Number of the recipient';
COMMENT ON COLUMN outpost.double_bounces.address IS 'The recipient';
COMMENT ON COLUMN outpost.double_bounces.status IS 'Enhanced status';
COMMENT ON COLUMN outpost.double_bounces.reply IS 'What was said';
COMMENT ON COLUMN outpost.double_bounces.noted_at IS 'When';
