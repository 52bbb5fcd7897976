-- needs: outpost_private.mta_sts_changed
CREATE OR REPLACE TRIGGER mta_sts_deleted AFTER DELETE ON outpost_private.mta_sts
    FOR EACH ROW WHEN (OLD.version > 0) EXECUTE FUNCTION outpost_private.mta_sts_changed();
