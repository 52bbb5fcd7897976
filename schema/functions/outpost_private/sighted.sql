-- An ability after an attempt that saw it, saw that it is missing, or could not tell (null).
CREATE OR REPLACE FUNCTION outpost_private.sighted(before outpost_private.sighting, has boolean, at timestamptz) RETURNS outpost_private.sighting
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN has THEN ROW(true, coalesce((before).first_seen, at), at)::outpost_private.sighting
        WHEN NOT has THEN ROW(false, (before).first_seen, (before).last_seen)::outpost_private.sighting
        ELSE before
    END
$$;
