CREATE OR REPLACE VIEW outpost.mta_sts_policies AS
SELECT domain, mode, mx, record_id, make_interval(secs => max_age) AS max_age, fetched_at, valid_until, refresh_at,
    coalesce(valid_until > now(), false) AS in_force, failure, failure_text, failed_at, retry_at,
    coalesce(fetching_until > now(), false) AS being_fetched, last_used_at, policy_text
FROM outpost_private.mta_sts WHERE version > 0;

COMMENT ON VIEW outpost.mta_sts_policies IS 'MTA-STS policies (RFC 8461) of recipient domains, and why one could not be fetched';
COMMENT ON COLUMN outpost.mta_sts_policies.domain IS 'Recipient domain, A-labels';
COMMENT ON COLUMN outpost.mta_sts_policies.mode IS 'enforce, testing or none; null when no policy is known';
COMMENT ON COLUMN outpost.mta_sts_policies.mx IS 'Mail servers that the policy names; *. stands for one label';
COMMENT ON COLUMN outpost.mta_sts_policies.record_id IS 'Id in the TXT record at _mta-sts when the policy was fetched';
COMMENT ON COLUMN outpost.mta_sts_policies.max_age IS 'How long the policy may be kept after it was fetched; a year at most';
COMMENT ON COLUMN outpost.mta_sts_policies.fetched_at IS 'When the policy was fetched last';
COMMENT ON COLUMN outpost.mta_sts_policies.valid_until IS 'When it ends unless it is fetched again';
COMMENT ON COLUMN outpost.mta_sts_policies.refresh_at IS 'When a node is to fetch it again; null: not by itself';
COMMENT ON COLUMN outpost.mta_sts_policies.in_force IS 'Whether it holds now: until valid_until, whatever DNS and HTTPS say';
COMMENT ON COLUMN outpost.mta_sts_policies.failure IS 'Why the last fetch failed, as TLS reports call it; null when it did not';
COMMENT ON COLUMN outpost.mta_sts_policies.failure_text IS 'The same for people';
COMMENT ON COLUMN outpost.mta_sts_policies.failed_at IS 'When it failed';
COMMENT ON COLUMN outpost.mta_sts_policies.retry_at IS 'Deliveries do not try to fetch it before';
COMMENT ON COLUMN outpost.mta_sts_policies.being_fetched IS 'Whether a node fetches it now';
COMMENT ON COLUMN outpost.mta_sts_policies.last_used_at IS 'When mail last went by this row, to the day';
COMMENT ON COLUMN outpost.mta_sts_policies.policy_text IS 'The policy as it was served';
