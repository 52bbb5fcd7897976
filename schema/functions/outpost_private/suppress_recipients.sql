-- Suppresses the addresses of recipients whose mailboxes were refused. An entry that lasts longer stands, above all what
-- people wanted for good. In the order of keys, so that two that do this never wait for each other in a circle.
CREATE OR REPLACE FUNCTION outpost_private.suppress_recipients(messages bigint[], numbers integer[], reasons text[], spans interval[])
RETURNS void
LANGUAGE sql AS $$
    INSERT INTO outpost_private.suppression AS s (key, address, domain, reason, message_id, number, suppressed_by, until)
    SELECT DISTINCT ON (1) outpost_private.suppression_key(r.address, r.domain), r.address, r.domain, f.reason, r.message_id,
        r.number, '', clock_timestamp() + f.span
    FROM unnest(messages, numbers, reasons, spans) AS f (m, n, reason, span)
    JOIN outpost_private.recipient r ON r.message_id = f.m AND r.number = f.n
    WHERE f.span > '0' ORDER BY 1
    ON CONFLICT (key) DO UPDATE SET address = excluded.address, reason = excluded.reason, message_id = excluded.message_id,
        number = excluded.number, suppressed_by = excluded.suppressed_by, created_at = excluded.created_at, until = excluded.until
    WHERE s.until < excluded.until
$$;
