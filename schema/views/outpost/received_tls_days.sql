CREATE OR REPLACE VIEW outpost.received_tls_days AS
SELECT (r.period_begin AT TIME ZONE 'UTC')::date AS day, p.policy_domain, CASE WHEN p.of_host THEN 'mx host' ELSE 'domain' END AS about,
    r.way, count(DISTINCT r.id) AS reports, array_agg(DISTINCT r.organization) AS organizations,
    sum(p.successes) AS successes, sum(p.failures) AS failures  -- numeric: what strangers count may have any size
FROM outpost_private.received_tls_policy p JOIN outpost_private.received_tls_report r ON r.id = p.report
GROUP BY 1, 2, 3, 4;

COMMENT ON VIEW outpost.received_tls_days IS 'What others'' TLS reports say of a domain or host of ours, by day';
COMMENT ON COLUMN outpost.received_tls_days.day IS 'Day (UTC) on which the reports'' period begins';
COMMENT ON COLUMN outpost.received_tls_days.policy_domain IS 'Domain or host of ours, A-labels';
COMMENT ON COLUMN outpost.received_tls_days.about IS
    'domain: as MTA-STS sees it; mx host: as DANE sees it. A session may be counted in both';
COMMENT ON COLUMN outpost.received_tls_days.way IS 'mail: signed; https: nothing of it is proved';
COMMENT ON COLUMN outpost.received_tls_days.reports IS 'How many reports';
COMMENT ON COLUMN outpost.received_tls_days.organizations IS 'Who says to have written them';
COMMENT ON COLUMN outpost.received_tls_days.successes IS 'Sessions that succeeded';
COMMENT ON COLUMN outpost.received_tls_days.failures IS 'Sessions that failed';
