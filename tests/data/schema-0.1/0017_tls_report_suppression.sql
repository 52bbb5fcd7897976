-- Places that get no TLS reports for a time: because people want it so, or because a report bounced.

CREATE TABLE outpost_private.tls_report_suppression (
    key           text PRIMARY KEY,           -- tls_report_place_key(place): what is compared
    place         text NOT NULL,
    reason        text NOT NULL,
    message_id    bigint,                     -- whose failure it was; null: people wanted it
    suppressed_by text NOT NULL,              -- database role, '' when a failure did it
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    until         timestamptz NOT NULL
);
CREATE INDEX tls_report_suppression_until ON outpost_private.tls_report_suppression (until);

-- Case makes no other mailbox, whatever RFC 5321 allows: better one report less than one that bounces again.
CREATE FUNCTION outpost_private.tls_report_place_key(place text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN place LIKE 'mailto:%' THEN lower(place COLLATE "C") ELSE place END
$$;

-- An address is written with or without mailto:.
CREATE FUNCTION outpost_private.tls_report_place(place text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    address text := regexp_replace(tls_report_place.place, '^mailto:', '', 'i');
BEGIN
    IF tls_report_place.place ~* '^https://[!-~]+$' THEN
        RETURN tls_report_place.place;
    END IF;
    RETURN 'mailto:' || outpost_private.with_domain(address, outpost_private.address_domain(address, 'place'));
END $$;

CREATE FUNCTION outpost.suppress_tls_reports(place text, until timestamptz DEFAULT clock_timestamp() + interval '1 month',
    reason text DEFAULT '') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    its_place text := outpost_private.tls_report_place(suppress_tls_reports.place);
BEGIN
    IF suppress_tls_reports.until <= clock_timestamp() THEN
        RAISE EXCEPTION 'the suppression would end at %, which has passed', suppress_tls_reports.until
            USING ERRCODE = 'invalid_parameter_value', HINT = 'outpost.unsuppress_tls_reports ends one now.';
    END IF;
    INSERT INTO outpost_private.tls_report_suppression AS s (key, place, reason, suppressed_by, until)
    VALUES (outpost_private.tls_report_place_key(its_place), its_place, coalesce(suppress_tls_reports.reason, ''), session_user,
        suppress_tls_reports.until)
    ON CONFLICT (key) DO UPDATE SET place = excluded.place, reason = excluded.reason, message_id = NULL,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until;
END $$;
COMMENT ON FUNCTION outpost.suppress_tls_reports IS
    'No TLS reports to this place (an address, or an https URI as the record has it) until then; a month if nothing is said';

CREATE FUNCTION outpost.unsuppress_tls_reports(place text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM outpost_private.tls_report_suppression s
    WHERE s.key = outpost_private.tls_report_place_key(outpost_private.tls_report_place(unsuppress_tls_reports.place));
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION outpost.unsuppress_tls_reports IS 'Lets TLS reports go to this place again, whoever suppressed it. False when nobody had';

-- A report bounced. What people wanted, and what lasts longer, stands.
CREATE FUNCTION outpost_private.suppress_bounced_place(place text, reason text, message bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO outpost_private.tls_report_suppression AS s (key, place, reason, message_id, suppressed_by, until)
    VALUES (outpost_private.tls_report_place_key(place), place, reason, message, '', clock_timestamp() + interval '1 month')
    ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, message_id = excluded.message_id,
        suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until
    WHERE s.until < excluded.until
$$;

-- What became of the mails that carry reports. Who refused one for good gets none for a month, be it that he said so in a
-- bounce later on. A mail that still waits a day later is given up (RFC 8460 section 5.5); nobody is told: these mails
-- ask for no DSN. Returns how many places have come to an end.
CREATE FUNCTION outpost_private.follow_tls_reports() RETURNS integer
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

CREATE VIEW outpost.tls_report_suppressions AS
SELECT place, reason, message_id, suppressed_by, created_at, until, until > now() AS in_force
FROM outpost_private.tls_report_suppression;
COMMENT ON VIEW outpost.tls_report_suppressions IS 'Places that get no TLS reports for a time';
COMMENT ON COLUMN outpost.tls_report_suppressions.place IS 'mailto:ADDRESS, or an https URI';
COMMENT ON COLUMN outpost.tls_report_suppressions.reason IS 'Why: what the remote said (a stranger''s text), or the words of who suppressed it';
COMMENT ON COLUMN outpost.tls_report_suppressions.message_id IS 'The mail with a report that bounced; null when people suppressed it';
COMMENT ON COLUMN outpost.tls_report_suppressions.suppressed_by IS 'Database role that suppressed it; empty when a bounce did';
COMMENT ON COLUMN outpost.tls_report_suppressions.created_at IS 'Since when';
COMMENT ON COLUMN outpost.tls_report_suppressions.until IS 'Until when';
COMMENT ON COLUMN outpost.tls_report_suppressions.in_force IS 'Whether it holds now';

REVOKE ALL ON FUNCTION outpost.suppress_tls_reports, outpost.unsuppress_tls_reports, outpost_private.tls_report_place_key,
    outpost_private.tls_report_place, outpost_private.suppress_bounced_place, outpost_private.follow_tls_reports FROM PUBLIC;
DO $$
BEGIN
    GRANT SELECT ON outpost.tls_report_suppressions TO outpost_reader, outpost_operator;
    GRANT EXECUTE ON FUNCTION outpost.suppress_tls_reports, outpost.unsuppress_tls_reports TO outpost_operator;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN
    RAISE NOTICE 'the suppression of TLS reports was granted to nobody: this role may not do so';
END $$;
