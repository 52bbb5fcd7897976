-- Who may do what: outpost_reader sees the views (no content), outpost_submitter may call enqueue, outpost_operator
-- may read and act. They are roles to grant to people and programs. Where the migrating role may not create roles,
-- everything else works and a notice says so.
--
-- Applied last, whenever a step or an object was: so each line holds for what is there already and for what is new.

REVOKE ALL ON SCHEMA outpost, outpost_private FROM PUBLIC;

-- PostgreSQL lets everybody call a new function. One whose rights were never touched is new; what an administrator has
-- granted since stays.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p
             WHERE p.pronamespace IN ('outpost'::regnamespace, 'outpost_private'::regnamespace) AND p.proacl IS NULL LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['outpost_reader', 'outpost_submitter', 'outpost_operator'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    GRANT USAGE ON SCHEMA outpost TO outpost_reader, outpost_submitter, outpost_operator;
    GRANT SELECT ON ALL TABLES IN SCHEMA outpost TO outpost_reader, outpost_operator;
    GRANT EXECUTE ON FUNCTION outpost.enqueue, outpost.tls_abilities TO outpost_submitter;
    -- The queue.
    GRANT EXECUTE ON FUNCTION outpost.hold, outpost.release, outpost.retry_now, outpost.fail, outpost.drop, outpost.set_transport,
        outpost.set_require_tls TO outpost_operator;
    -- What is known of others: policies, and who gets no mail.
    GRANT EXECUTE ON FUNCTION outpost.mta_sts_refresh, outpost.mta_sts_forget, outpost.suppress, outpost.unsuppress,
        outpost.suppress_tls_reports, outpost.unsuppress_tls_reports TO outpost_operator;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'roles outpost_reader, outpost_submitter and outpost_operator were not created: this role may not create roles';
END $$;
