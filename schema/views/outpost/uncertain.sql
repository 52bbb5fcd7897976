-- needs: outpost.queue
-- In two parts, each of which has an index.
CREATE OR REPLACE VIEW outpost.uncertain AS
SELECT * FROM outpost.queue WHERE uncertain
UNION ALL
SELECT * FROM outpost.queue WHERE state = 'leased' AND stage = 'final_dot' AND NOT uncertain;

COMMENT ON VIEW outpost.uncertain IS 'Recipients that may have been delivered: the final dot was sent, its reply is not recorded. Columns as in outpost.queue';

-- Its columns say what those of outpost.queue say.
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attname, col_description('outpost.queue'::regclass, a.attnum) AS said
             FROM pg_attribute a WHERE a.attrelid = 'outpost.queue'::regclass AND a.attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN outpost.uncertain.%I IS %L', c.attname, c.said);
    END LOOP;
END $$;
