-- Lets messages go, as many as the limits allow: never more than `most` within `interval_s` seconds, by whichever nodes.
-- What is granted may be used for `use_within_s` seconds and counts from the end of that. A grant is a small part of the
-- limit, so that nodes take turns. Where nothing is granted, `retry_s` says when there may be something.
CREATE OR REPLACE FUNCTION outpost_private.limits_let_go(
    transports text[], destinations text[], wants integer[], limits integer[], intervals_s float8[], use_within_s float8[]
) RETURNS TABLE (transport text, destination text, granted integer, retry_s float8)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    k record;
    gone integer;
    earliest timestamptz;
    moment timestamptz;
BEGIN
    DELETE FROM outpost_private.limit_rate WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outpost_private.limit_rate WHERE until <= clock_timestamp() LIMIT 100 FOR UPDATE SKIP LOCKED));
    FOR k IN
        SELECT a.*, hashtext(a.transport || ' ' || a.destination) AS lock
        FROM unnest(transports, destinations, wants, limits, intervals_s, use_within_s)
            AS a (transport, destination, want, most, span, slice)
        ORDER BY lock
    LOOP
        PERFORM pg_advisory_xact_lock(hashtext('outpost_private.limit_rate'), k.lock);
        moment := clock_timestamp();
        SELECT coalesce(sum(r.messages), 0), min(r.until) INTO gone, earliest FROM outpost_private.limit_rate r
        WHERE r.transport = k.transport AND r.destination = k.destination AND r.until > moment;
        transport := k.transport;
        destination := k.destination;
        granted := greatest(0, least(k.want, k.most - gone, greatest(k.most / 20, 1)));
        retry_s := CASE WHEN granted = 0 THEN extract(epoch FROM coalesce(earliest, moment) - moment) ELSE 0 END;
        IF granted > 0 THEN
            -- Rounded up to whole slices: so a limit has few rows, however high it is.
            INSERT INTO outpost_private.limit_rate AS r (transport, destination, until, messages)
            VALUES (k.transport, k.destination,
                    date_bin(make_interval(secs => k.slice), moment, '2000-01-01') + make_interval(secs => k.span + 2 * k.slice),
                    granted)
            ON CONFLICT (transport, destination, until) DO UPDATE SET messages = r.messages + excluded.messages;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;
