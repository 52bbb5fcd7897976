-- Nodes hear of each key at once; of those that end, they find out when they ask.
CREATE OR REPLACE FUNCTION outpost_private.tell_suppression() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outpost_suppression', NEW.key);
    RETURN NULL;
END $$;
