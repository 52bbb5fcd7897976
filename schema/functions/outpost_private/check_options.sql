-- Options, checked: unknown names and wrong values raise.
CREATE OR REPLACE FUNCTION outpost_private.check_options(options jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    known text[] := ARRAY['idempotency_key', 'tag', 'release_at', 'hold_for', 'notify', 'ret', 'envid', 'smtputf8', 'require_tls',
                           'hold'];
    flags text[] := ARRAY['smtputf8', 'require_tls', 'hold'];
    o record;
BEGIN
    IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
        RAISE EXCEPTION 'the options are not a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR o IN SELECT key, value, jsonb_typeof(value) AS kind, options ->> key AS said FROM jsonb_each(options) LOOP
        IF NOT o.key = ANY (known) THEN
            RAISE EXCEPTION 'unknown option %', quote_literal(o.key) USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Known are: ' || array_to_string(known, ', ');
        END IF;
        IF o.kind <> (CASE WHEN o.key = ANY (flags) THEN 'boolean' ELSE 'string' END) THEN
            RAISE EXCEPTION 'option %: % is not a %', o.key, o.value, CASE WHEN o.key = ANY (flags) THEN 'boolean' ELSE 'string' END
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF outpost_private.has_controls(o.said) OR length(o.said) > 200 THEN
            RAISE EXCEPTION 'option % has control characters or is longer than 200', o.key USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key = 'ret' AND o.said NOT IN ('full', 'hdrs') THEN
            RAISE EXCEPTION 'option ret is "full" or "hdrs", not %', o.value USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key = 'notify' AND upper(o.said) !~ '^(NEVER|(SUCCESS|FAILURE|DELAY)(,(SUCCESS|FAILURE|DELAY))*)$' THEN
            RAISE EXCEPTION 'option notify is "never" or a list of success, failure, delay; not %', o.value USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF o.key IN ('envid', 'idempotency_key') AND o.said !~ '^[ -~]+$' THEN
            RAISE EXCEPTION 'option % is printable ASCII', o.key USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END LOOP;
    IF options ? 'release_at' AND options ? 'hold_for' THEN
        RAISE EXCEPTION 'give release_at or hold_for, not both' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END $$;
