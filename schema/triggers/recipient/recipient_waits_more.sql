-- needs: outpost_private.note_waiting
CREATE OR REPLACE TRIGGER recipient_waits_more AFTER INSERT ON outpost_private.recipient
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();
