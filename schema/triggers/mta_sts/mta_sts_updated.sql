-- needs: outpost_private.mta_sts_changed
CREATE OR REPLACE TRIGGER mta_sts_updated AFTER UPDATE ON outpost_private.mta_sts
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION outpost_private.mta_sts_changed();
