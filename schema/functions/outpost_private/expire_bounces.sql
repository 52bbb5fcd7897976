-- Deletes suppressions that have ended, and bounces of this age. Returns how many rows were deleted.
CREATE OR REPLACE FUNCTION outpost_private.expire_bounces(age interval, most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    ended integer;
    old integer;
BEGIN
    DELETE FROM outpost_private.suppression WHERE key IN (
        SELECT key FROM outpost_private.suppression WHERE until <= clock_timestamp() LIMIT most FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS ended = ROW_COUNT;
    DELETE FROM outpost_private.bounce b USING (
        SELECT message_id, number, action FROM outpost_private.bounce WHERE received_at < clock_timestamp() - age
        LIMIT most FOR UPDATE SKIP LOCKED) AS o
    WHERE b.message_id = o.message_id AND b.number = o.number AND b.action = o.action;
    GET DIAGNOSTICS old = ROW_COUNT;
    RETURN ended + old;
END $$;
