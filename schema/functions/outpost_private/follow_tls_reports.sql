-- What became of the mails that carry reports. A place that refused one for good gets none for a month, also when
-- it said so in a bounce later. A mail that still waits a day later is given up (RFC 8460 section 5.5); nobody is told: these mails
-- ask for no DSN. Returns how many places have come to an end.
CREATE OR REPLACE FUNCTION outpost_private.follow_tls_reports() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    one record;
    ended integer := 0;
BEGIN
    FOR one IN
        SELECT p.report_id, p.place, p.message_id, r.state, r.last_reply,
            r.state = 'failed' AND r.last_status LIKE '5.%' AND r.last_error <> 'policy' AS bounced
        FROM outpost_private.tls_report_place p
        LEFT JOIN outpost_private.recipient r ON r.message_id = p.message_id AND r.number = p.number
        WHERE p.state = 'queued' AND (r.finished_at IS NOT NULL OR r.message_id IS NULL)
        FOR UPDATE OF p SKIP LOCKED
    LOOP
        UPDATE outpost_private.tls_report_place p
        SET state = CASE WHEN one.state = 'delivered' THEN 'sent' ELSE 'failed' END, finished_at = clock_timestamp(),
            reason = CASE one.state WHEN 'delivered' THEN '' WHEN 'dropped' THEN 'dropped by an operator'
                     ELSE coalesce(one.last_reply, 'the message is gone') END
        WHERE p.report_id = one.report_id AND p.place = one.place;
        IF one.bounced THEN
            PERFORM outpost_private.suppress_bounced_place(one.place, one.last_reply, one.message_id);
        END IF;
        ended := ended + 1;
    END LOOP;
    FOR one IN
        SELECT p.report_id, p.place, p.message_id, r.address, r.last_reply
        FROM outpost_private.tls_report_place p
        JOIN outpost_private.recipient r ON r.message_id = p.message_id AND r.number = p.number
        WHERE p.state = 'queued' AND p.give_up_at <= clock_timestamp() AND r.state IN ('queued', 'held')
        FOR UPDATE OF p SKIP LOCKED
    LOOP
        PERFORM outpost.fail(one.message_id, one.address, 'given up after a day; last: ' || one.last_reply);
        UPDATE outpost_private.tls_report_place p
        SET state = 'failed', finished_at = clock_timestamp(), reason = 'given up after a day; last: ' || one.last_reply
        WHERE p.report_id = one.report_id AND p.place = one.place;
        ended := ended + 1;
    END LOOP;
    FOR one IN
        SELECT p.report_id, p.place, p.message_id, coalesce(nullif(b.diagnostic, ''), b.status) AS said
        FROM outpost_private.tls_report_place p
        JOIN outpost_private.bounce b ON b.message_id = p.message_id AND b.number = p.number AND b.action = 'failed'
        WHERE p.state = 'sent' AND b.received_at > clock_timestamp() - interval '2 hours'
        FOR UPDATE OF p SKIP LOCKED
    LOOP
        UPDATE outpost_private.tls_report_place p SET state = 'failed', reason = one.said
        WHERE p.report_id = one.report_id AND p.place = one.place;
        PERFORM outpost_private.suppress_bounced_place(one.place, one.said, one.message_id);
        ended := ended + 1;
    END LOOP;
    PERFORM outpost_private.finish_tls_reports();
    RETURN ended;
END $$;
