CREATE OR REPLACE VIEW outpost.domain_abilities AS
SELECT account, domain, (starttls).has AS starttls, (requiretls).has AS requiretls, (mta_sts).has AS mta_sts, (dane).has AS dane,
    (dnssec).has AS dnssec, last_attempt_at,
    (starttls).first_seen AS starttls_first_seen, (starttls).last_seen AS starttls_last_seen,
    (requiretls).first_seen AS requiretls_first_seen, (requiretls).last_seen AS requiretls_last_seen,
    (mta_sts).first_seen AS mta_sts_first_seen, (mta_sts).last_seen AS mta_sts_last_seen,
    (dane).first_seen AS dane_first_seen, (dane).last_seen AS dane_last_seen,
    (dnssec).first_seen AS dnssec_first_seen, (dnssec).last_seen AS dnssec_last_seen
FROM outpost_private.domain_ability;

COMMENT ON VIEW outpost.domain_abilities IS 'What recipient domains can do, by the last direct delivery of each account; null: it did not come to light';
COMMENT ON COLUMN outpost.domain_abilities.account IS 'Account whose mail it was; empty for mail without an account';
COMMENT ON COLUMN outpost.domain_abilities.domain IS 'Recipient domain, in A-labels';
COMMENT ON COLUMN outpost.domain_abilities.starttls IS 'Mail went over TLS; false: in clear';
COMMENT ON COLUMN outpost.domain_abilities.requiretls IS 'REQUIRETLS was announced under TLS (RFC 8689)';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts IS 'There is an MTA-STS policy in mode enforce (RFC 8461)';
COMMENT ON COLUMN outpost.domain_abilities.dane IS 'The MX host that was talked to has usable TLSA records (RFC 7672)';
COMMENT ON COLUMN outpost.domain_abilities.dnssec IS 'The MX answer was secure by DNSSEC';
COMMENT ON COLUMN outpost.domain_abilities.last_attempt_at IS 'Last attempt that showed any of this, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.starttls_first_seen IS 'When TLS was first seen';
COMMENT ON COLUMN outpost.domain_abilities.starttls_last_seen IS 'When TLS was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.requiretls_first_seen IS 'When REQUIRETLS was first seen';
COMMENT ON COLUMN outpost.domain_abilities.requiretls_last_seen IS 'When REQUIRETLS was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts_first_seen IS 'When an enforced policy was first seen';
COMMENT ON COLUMN outpost.domain_abilities.mta_sts_last_seen IS 'When an enforced policy was last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.dane_first_seen IS 'When usable TLSA records were first seen';
COMMENT ON COLUMN outpost.domain_abilities.dane_last_seen IS 'When usable TLSA records were last seen, to the hour';
COMMENT ON COLUMN outpost.domain_abilities.dnssec_first_seen IS 'When the MX answer was first secure';
COMMENT ON COLUMN outpost.domain_abilities.dnssec_last_seen IS 'When the MX answer was last secure, to the hour';
