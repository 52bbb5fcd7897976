-- Frees the bodies of these messages where no recipient needs them any more.
CREATE OR REPLACE FUNCTION outpost_private.free_content(messages bigint[]) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM outpost_private.content c
    WHERE c.message_id = ANY (messages)
      AND NOT EXISTS (SELECT FROM outpost_private.recipient r
                      WHERE r.message_id = c.message_id
                        AND (r.finished_at IS NULL OR r.report IS NOT NULL))
$$;
