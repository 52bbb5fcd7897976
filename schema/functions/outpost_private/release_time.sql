-- When a message may go at the earliest, by its options.
CREATE OR REPLACE FUNCTION outpost_private.release_time(options jsonb) RETURNS timestamptz
LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz;
BEGIN
    BEGIN
        at := coalesce((options ->> 'release_at')::timestamptz, clock_timestamp() + (options ->> 'hold_for')::interval, clock_timestamp());
    EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
        RAISE EXCEPTION 'release_at is a timestamp and hold_for an interval, not %', coalesce(options ->> 'release_at', options ->> 'hold_for')
            USING ERRCODE = 'invalid_parameter_value';
    END;
    IF at > clock_timestamp() + interval '60 days' THEN
        RAISE EXCEPTION 'a message is held back for 60 days at most' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN greatest(at, clock_timestamp());  -- a time that has passed is now
END $$;
