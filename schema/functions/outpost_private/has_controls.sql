-- What can end a line somewhere: C0, DEL, C1, the separators. Not a class such as [:cntrl:], whose members
-- depend on the locale of the database.
CREATE OR REPLACE FUNCTION outpost_private.has_controls(words text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT words ~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]' $$;
