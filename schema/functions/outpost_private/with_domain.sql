-- The address with its domain in the form that the queue knows it by.
CREATE OR REPLACE FUNCTION outpost_private.with_domain(address text, domain text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$ SELECT left(address, length(address) - position('@' IN reverse(address)) + 1) || domain $$;
