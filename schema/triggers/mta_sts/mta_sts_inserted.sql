-- needs: outpost_private.mta_sts_changed
CREATE OR REPLACE TRIGGER mta_sts_inserted AFTER INSERT ON outpost_private.mta_sts
    FOR EACH ROW WHEN (NEW.version > 0) EXECUTE FUNCTION outpost_private.mta_sts_changed();
