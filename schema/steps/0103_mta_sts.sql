-- Policies of recipient domains (MTA-STS, RFC 8461), as all nodes share them. Each node holds these rows in memory and
-- is told of changes, so a delivery asks nothing of the database.

CREATE SEQUENCE outpost_private.mta_sts_version;

CREATE TABLE outpost_private.mta_sts (
    domain        text PRIMARY KEY,             -- of the mail address, A-labels
    version       bigint NOT NULL,              -- of the row, from the sequence; 0: nothing is known yet
    -- The policy: all are set, or none is.
    record_id     text,                         -- the id that its TXT record had
    mode          text CHECK (mode IN ('enforce', 'testing', 'none')),
    max_age       integer CHECK (max_age >= 0), -- seconds
    mx            text[],
    policy_text   text,                         -- as it was served
    fetched_at    timestamptz,
    valid_until   timestamptz,
    refresh_at    timestamptz,                  -- when some node is to fetch it again; null: never by itself
    -- Why the last fetch failed; none is tried before retry_at.
    failure       text,                         -- kind
    failure_text  text,
    failure_code  text,
    failed_at     timestamptz,
    retry_at      timestamptz,
    -- A node fetches it now: others wait for that until this time.
    fetching_until timestamptz,
    last_used_at  timestamptz NOT NULL DEFAULT now(),  -- to the day
    CHECK (num_nulls(record_id, mode, max_age, mx, policy_text, fetched_at, valid_until) IN (0, 7)),
    CHECK (num_nulls(failure, failure_text, failure_code, failed_at, retry_at) IN (0, 5))
);
CREATE INDEX mta_sts_refresh ON outpost_private.mta_sts (refresh_at) WHERE refresh_at IS NOT NULL;
