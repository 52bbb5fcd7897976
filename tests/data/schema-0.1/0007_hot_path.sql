-- What every message costs, made less.

-- Bodies come in pieces that fit a page (core/queue/insert.cpp). Kept in the row, a piece is one heap
-- tuple and one index entry; TOAST would make five of each, and as many dead ones when it is freed.
ALTER TABLE outpost_private.content SET (toast_tuple_target = 8160);

-- Nobody asks for an attempt by its number: one index entry less for each.
CREATE OR REPLACE FUNCTION outpost_private.expire_history(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    deleted integer;
BEGIN
    DELETE FROM outpost_private.double_bounce WHERE noted_at < clock_timestamp() - age;
    DELETE FROM outpost_private.configuration WHERE loaded_at < clock_timestamp() - age;
    DELETE FROM outpost_private.attempt WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM outpost_private.attempt WHERE started_at < clock_timestamp() - age LIMIT most FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;
ALTER TABLE outpost_private.attempt DROP COLUMN id;
