-- Roles to grant to people and programs: outpost_reader sees the views (no content), outpost_submitter
-- may call enqueue, outpost_operator may read and act. Where the migrating role may not create roles,
-- everything else works and a notice says so.

REVOKE ALL ON SCHEMA outpost, outpost_private FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA outpost, outpost_private FROM PUBLIC;

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
    GRANT EXECUTE ON FUNCTION outpost.enqueue TO outpost_submitter;
    GRANT EXECUTE ON FUNCTION outpost.hold, outpost.release, outpost.retry_now, outpost.fail, outpost.drop, outpost.set_transport,
        outpost.set_require_tls TO outpost_operator;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'roles outpost_reader, outpost_submitter and outpost_operator were not created: this role may not create roles';
END $$;
