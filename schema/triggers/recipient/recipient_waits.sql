-- needs: outpost_private.note_waiting_update
CREATE OR REPLACE TRIGGER recipient_waits AFTER UPDATE ON outpost_private.recipient
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting_update();
