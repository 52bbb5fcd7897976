-- needs: outpost_private.tell_suppression
CREATE OR REPLACE TRIGGER suppression_is_told AFTER INSERT OR UPDATE ON outpost_private.suppression
    FOR EACH ROW EXECUTE FUNCTION outpost_private.tell_suppression();
