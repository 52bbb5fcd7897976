CREATE OR REPLACE FUNCTION outpost.set_transport(message bigint, transport text, recipient text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers integer[] := outpost_private.lock_open(message, recipient);
    changed integer;
BEGIN
    IF transport <> '' AND NOT EXISTS (SELECT FROM outpost_private.transport t WHERE t.name = transport) THEN
        RAISE EXCEPTION 'there is no transport %', quote_literal(transport)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Configured are: ' || coalesce((SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM outpost_private.transport t), 'none');
    END IF;
    UPDATE outpost_private.recipient r SET transport_override = transport
    WHERE r.message_id = message AND r.number = ANY (numbers);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

COMMENT ON FUNCTION outpost.set_transport IS 'Uses this transport whatever the routes say; the empty name ends that';
