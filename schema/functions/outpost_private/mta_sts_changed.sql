-- Tells the nodes which policy they must read again.
CREATE OR REPLACE FUNCTION outpost_private.mta_sts_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outpost_mta_sts', coalesce(NEW.domain, OLD.domain));
    RETURN NULL;
END $$;
