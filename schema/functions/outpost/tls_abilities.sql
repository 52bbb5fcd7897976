-- For submitters, before they choose REQUIRETLS: it is safe when every recipient's domain announces it, and has a policy
-- by which a host can be verified.
CREATE OR REPLACE FUNCTION outpost.tls_abilities(account text, recipients text[])
RETURNS TABLE (recipient text, domain text, starttls text, requiretls text, mta_sts text, dane text, dnssec text,
    seen_at timestamptz, requiretls_safe boolean, requiretls_safe_for_all boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH asked AS (
        SELECT u.recipient, u.n, outpost_private.address_domain(u.recipient, 'recipient') AS domain
        FROM unnest(tls_abilities.recipients) WITH ORDINALITY AS u(recipient, n)
    ), known AS (
        SELECT q.n, q.recipient, q.domain, (a.starttls).has AS starttls, (a.requiretls).has AS requiretls, (a.mta_sts).has AS mta_sts,
            (a.dane).has AS dane, (a.dnssec).has AS dnssec, a.last_attempt_at,
            coalesce((a.requiretls).has AND ((a.mta_sts).has OR (a.dane).has), false) AS safe
        FROM asked q LEFT JOIN outpost_private.domain_ability a ON a.account = tls_abilities.account AND a.domain = q.domain
    )
    SELECT k.recipient, k.domain, outpost_private.yes_no(k.starttls), outpost_private.yes_no(k.requiretls),
        outpost_private.yes_no(k.mta_sts), outpost_private.yes_no(k.dane), outpost_private.yes_no(k.dnssec), k.last_attempt_at, k.safe,
        bool_and(k.safe) OVER ()
    FROM known k ORDER BY k.n
$$;

COMMENT ON FUNCTION outpost.tls_abilities IS 'For each recipient what its domain has shown to this account, and whether REQUIRETLS may be chosen safely: for it, and for all of them together';
