-- Refuses accounts that are not configured, and senders that the account may not use.
CREATE OR REPLACE FUNCTION outpost_private.check_sender(account text, mail_from text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    a outpost_private.account;
    domain text;
BEGIN
    SELECT * INTO a FROM outpost_private.account x WHERE x.name = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no account %', outpost_private.shown(account) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Configured are: ' || coalesce((SELECT string_agg(x.name, ', ' ORDER BY x.name) FROM outpost_private.account x), 'none');
    END IF;
    IF mail_from = '' AND a.any_sender THEN
        RETURN;
    END IF;
    domain := outpost_private.address_domain(mail_from, 'sender');
    IF NOT (a.any_sender OR domain = ANY (a.domains)
            OR EXISTS (SELECT FROM unnest(a.addresses) AS own WHERE lower(own) = lower(mail_from))) THEN
        RAISE EXCEPTION 'account % may not send from %', account, quote_literal(mail_from) USING ERRCODE = 'insufficient_privilege',
            HINT = 'Its addresses and domains are in outpost.accounts.';
    END IF;
END $$;
