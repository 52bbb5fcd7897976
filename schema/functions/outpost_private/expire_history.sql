-- Attempts, double bounces and notes of configurations are kept for a time of their own, longer than the
-- messages: they are what questions are asked about later. Returns how many attempts were deleted.
-- Nobody asks for an attempt by a number of its own, so it has none: one index entry less for each.
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
