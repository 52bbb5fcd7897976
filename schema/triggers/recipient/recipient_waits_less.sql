-- needs: outpost_private.note_waiting
CREATE OR REPLACE TRIGGER recipient_waits_less AFTER DELETE ON outpost_private.recipient
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();
