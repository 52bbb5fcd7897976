CREATE OR REPLACE VIEW outpost.domain_ability_changes AS
SELECT account, domain, ability, NOT has AS before, has AS after, first_at AS changed_at, times, last_at
FROM outpost_private.domain_ability_change;

COMMENT ON VIEW outpost.domain_ability_changes IS 'What recipient domains could no longer do, or could do from then on; changes of one kind within an hour are one row';
COMMENT ON COLUMN outpost.domain_ability_changes.account IS 'Account whose mail it was; empty for mail without an account';
COMMENT ON COLUMN outpost.domain_ability_changes.domain IS 'Recipient domain, in A-labels';
COMMENT ON COLUMN outpost.domain_ability_changes.ability IS 'starttls, requiretls, mta_sts, dane or dnssec';
COMMENT ON COLUMN outpost.domain_ability_changes.before IS 'Whether it was seen until then';
COMMENT ON COLUMN outpost.domain_ability_changes.after IS 'Whether it was seen from then on';
COMMENT ON COLUMN outpost.domain_ability_changes.changed_at IS 'When the attempt ended that saw the change, the first one of that hour';
COMMENT ON COLUMN outpost.domain_ability_changes.times IS 'How often it changed this way within the hour: often where MX hosts of a domain differ';
COMMENT ON COLUMN outpost.domain_ability_changes.last_at IS 'When it last did';
