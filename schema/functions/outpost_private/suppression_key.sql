-- As bounce::suppression_key: addresses of one mailbox have one key. It is no address: nothing is quoted.
CREATE OR REPLACE FUNCTION outpost_private.suppression_key(address text, domain text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    local_part text := left(address, length(address) - position('@' IN reverse(address)));
    base text;
BEGIN
    IF local_part LIKE '"%"' THEN
        local_part := regexp_replace(substr(local_part, 2, length(local_part) - 2), '\\(.)', '\1', 'g');
    END IF;
    local_part := lower(local_part COLLATE "C");  -- ASCII alone
    base := regexp_replace(local_part, '^([^+]+)[+].*$', '\1');
    base := regexp_replace(base, '^([^-]+)-.*$', '\1');
    base := replace(base, '.', '');
    RETURN coalesce(nullif(base, ''), local_part) || '@' || domain;
END $$;
