-- It is the message's wish, not a recipient's state, so an attempt in flight does not stand against the change: that one
-- ends as it began. What a node has leased and not begun is told to it, so that the next attempt follows it everywhere.
CREATE OR REPLACE FUNCTION outpost.set_require_tls(message bigint, require_tls boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    open integer;
BEGIN
    PERFORM FROM outpost_private.message m WHERE m.id = message FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no message %', message
            USING ERRCODE = 'no_data_found', HINT = 'Look in outpost.messages; finished messages are deleted after a while.';
    END IF;
    SELECT count(*) INTO open FROM outpost_private.recipient r WHERE r.message_id = message AND r.finished_at IS NULL;
    -- What has come to an end keeps the wish that it was delivered with.
    IF open > 0 THEN
        UPDATE outpost_private.message m SET require_tls = set_require_tls.require_tls,
            require_tls_by = session_user, require_tls_at = clock_timestamp()
        WHERE m.id = message;
        PERFORM pg_notify('outpost_tls', message || ' ' || CASE WHEN require_tls THEN 'yes' WHEN NOT require_tls THEN 'no' ELSE 'default' END);
    END IF;
    RETURN open;
END $$;

COMMENT ON FUNCTION outpost.set_require_tls IS 'true: only over verified TLS (REQUIRETLS); false: ignore TLS failures; null: as the policies say. From the next attempt on; returns how many recipients have not come to an end';
