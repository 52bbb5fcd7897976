-- When a policy is to be fetched again: a day later at most, and in good time before it ends; so that domains that came
-- together do not come back together, each somewhat earlier or later. One that ends within the hour is not refreshed: it
-- is fetched when mail needs it.
CREATE OR REPLACE FUNCTION outpost_private.mta_sts_next_refresh(max_age integer) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN max_age >= 3600
           THEN clock_timestamp() + least(max_age / 2, 86400) * (0.75 + 0.5 * random()) * interval '1 second' END
$$;
