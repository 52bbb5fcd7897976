-- What tls_abilities says of an ability.
CREATE OR REPLACE FUNCTION outpost_private.yes_no(answer boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN answer THEN 'yes' WHEN NOT answer THEN 'no' ELSE 'unknown' END $$;
