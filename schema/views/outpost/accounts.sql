-- needs: outpost_private.waiting_now
CREATE OR REPLACE VIEW outpost.accounts AS
SELECT a.name, a.addresses, a.domains, a.any_sender, coalesce(w.queued + w.held, 0) + coalesce(f.in_flight, 0) AS queued
FROM outpost_private.account a
LEFT JOIN outpost_private.waiting_now w ON w.kind = 'account' AND w.name = a.name
LEFT JOIN (SELECT m.account, count(*) AS in_flight
           FROM outpost_private.recipient r JOIN outpost_private.message m ON m.id = r.message_id
           WHERE r.state = 'leased' GROUP BY m.account) f ON f.account = a.name;

COMMENT ON VIEW outpost.accounts IS 'Accounts of the configuration';
COMMENT ON COLUMN outpost.accounts.name IS 'Name of the account';
COMMENT ON COLUMN outpost.accounts.addresses IS 'Addresses it may send from';
COMMENT ON COLUMN outpost.accounts.domains IS 'Domains it may send from';
COMMENT ON COLUMN outpost.accounts.any_sender IS 'It may send as anyone';
COMMENT ON COLUMN outpost.accounts.queued IS 'Its recipients that have not come to an end';
