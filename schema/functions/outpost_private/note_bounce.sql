-- What a report says of a recipient; with a span, its address is suppressed as well. False when the recipient is not
-- known (any more): then nothing is noted. What is suppressed is the address that we sent to, whatever the report calls it.
-- The sender is told as it chose by NOTIFY (RFC 3461 section 4.1), of each action once: whoever got the mail may write to
-- its return path without end. A sender without a return path is not told.
CREATE OR REPLACE FUNCTION outpost_private.note_bounce(message bigint, recipient integer, action text, status text, diagnostic text,
    remote_mta text, reporting_mta text, suppress_for interval DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    r record;
    wanted boolean;
    heard timestamptz := clock_timestamp();  -- one reading: a first report came when the last one did
BEGIN
    SELECT q.address, q.domain, q.notify, m.account, m.mail_from INTO r
    FROM outpost_private.recipient q JOIN outpost_private.message m ON m.id = q.message_id
    WHERE q.message_id = message AND q.number = recipient;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    wanted := r.mail_from <> '' AND CASE
        WHEN action = 'failed' THEN r.notify = '' OR r.notify LIKE '%FAILURE%'
        WHEN action = 'delayed' THEN r.notify = '' OR r.notify LIKE '%DELAY%'
        WHEN action IN ('delivered', 'relayed', 'expanded') THEN r.notify LIKE '%SUCCESS%'
        ELSE false END;
    INSERT INTO outpost_private.bounce AS b (message_id, number, action, address, domain, account, status, diagnostic, remote_mta,
        reporting_mta, first_received_at, received_at, report_owed)
    VALUES (message, recipient, note_bounce.action, r.address, r.domain, r.account, note_bounce.status, note_bounce.diagnostic,
        note_bounce.remote_mta, note_bounce.reporting_mta, heard, heard, wanted)
    ON CONFLICT ON CONSTRAINT bounce_pkey DO UPDATE SET status = excluded.status, diagnostic = excluded.diagnostic,
        remote_mta = excluded.remote_mta, reporting_mta = excluded.reporting_mta, received_at = excluded.received_at,
        times = least(b.times, 2147483646) + 1;
    IF suppress_for IS NOT NULL THEN
        PERFORM outpost_private.suppress_recipients(ARRAY[message], ARRAY[recipient],
            ARRAY[coalesce(nullif(note_bounce.diagnostic, ''), note_bounce.status)], ARRAY[suppress_for]);
    END IF;
    IF wanted THEN
        PERFORM pg_notify('outpost_report', '');
    END IF;
    RETURN true;
END $$;
