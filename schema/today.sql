-- What a fresh database has. Written by schema/describe.sql; schema/README.md says how. Do not edit.

-- Types ------------------------------------------------------------------------------------------------

CREATE TYPE outpost_private.sighting AS (has boolean, first_seen timestamp with time zone, last_seen timestamp with time zone);

-- Sequences --------------------------------------------------------------------------------------------

CREATE SEQUENCE outpost_private.lease_token;
CREATE SEQUENCE outpost_private.message_block;
CREATE SEQUENCE outpost_private.mta_sts_version;

-- Tables -----------------------------------------------------------------------------------------------

CREATE TABLE outpost_private.account (
    name       text NOT NULL,
    addresses  text[] NOT NULL,
    domains    text[] NOT NULL,
    any_sender boolean NOT NULL,
    CONSTRAINT account_pkey PRIMARY KEY (name)
);

CREATE TABLE outpost_private.attempt (
    message_id      bigint NOT NULL,
    number          integer NOT NULL,
    attempt         integer NOT NULL,
    started_at      timestamp with time zone NOT NULL,
    duration        double precision NOT NULL,
    node            text NOT NULL,
    route_list      text NOT NULL,
    route_index     integer NOT NULL,
    route_name      text NOT NULL,
    route_reason    text NOT NULL,
    transport       text NOT NULL,
    remote_host     text NOT NULL,
    remote_ip       text NOT NULL,
    remote_port     integer NOT NULL,
    tls_version     text NOT NULL,
    tls_cipher      text NOT NULL,
    tls_verified    boolean NOT NULL,
    tls_requirement text NOT NULL,
    stage           text NOT NULL,
    outcome         text NOT NULL,
    error_kind      text NOT NULL,
    reply_code      integer,
    status          text NOT NULL,
    reply           text NOT NULL,
    config_version  text NOT NULL,
    transcript      text NOT NULL,
    tls_policy      text NOT NULL DEFAULT ''::text,
    tls_result      text NOT NULL DEFAULT ''::text,
    CONSTRAINT attempt_outcome_check CHECK ((outcome = ANY (ARRAY['delivered'::text, 'deferred'::text, 'failed'::text, 'held'::text, 'interrupted'::text, 'late'::text])))
) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_analyze_threshold=5000, autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=10000);
CREATE INDEX attempt_message ON outpost_private.attempt USING btree (message_id, number);
CREATE INDEX attempt_started ON outpost_private.attempt USING brin (started_at);

CREATE TABLE outpost_private.bounce (
    message_id        bigint NOT NULL,
    number            integer NOT NULL,
    action            text NOT NULL,
    address           text NOT NULL,
    domain            text NOT NULL,
    account           text NOT NULL,
    status            text NOT NULL,
    diagnostic        text NOT NULL,
    remote_mta        text NOT NULL,
    reporting_mta     text NOT NULL,
    first_received_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    received_at       timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    times             integer NOT NULL DEFAULT 1,
    report_owed       boolean NOT NULL DEFAULT false,
    reported_at       timestamp with time zone,
    CONSTRAINT bounce_action_check CHECK ((action = ANY (ARRAY['failed'::text, 'delayed'::text, 'delivered'::text, 'relayed'::text, 'expanded'::text, 'unrecognised'::text]))),
    CONSTRAINT bounce_pkey PRIMARY KEY (message_id, number, action)
);
CREATE INDEX bounce_domain ON outpost_private.bounce USING btree (domain, received_at);
CREATE INDEX bounce_owed ON outpost_private.bounce USING btree (message_id) WHERE report_owed;
CREATE INDEX bounce_received ON outpost_private.bounce USING btree (received_at);

CREATE TABLE outpost_private.configuration (
    version   text NOT NULL,
    node      text NOT NULL,
    loaded_at timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE outpost_private.content (
    message_id bigint NOT NULL,
    seq        integer NOT NULL,
    data       bytea NOT NULL,
    CONSTRAINT content_pkey PRIMARY KEY (message_id, seq)
) WITH (autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=10000, toast_tuple_target=8160, vacuum_truncate=false, toast.autovacuum_vacuum_cost_limit=2000, toast.autovacuum_vacuum_scale_factor=0.01, toast.autovacuum_vacuum_threshold=10000, toast.vacuum_truncate=false);
ALTER TABLE outpost_private.content ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE outpost_private.domain_ability (
    account         text NOT NULL,
    domain          text NOT NULL,
    starttls        outpost_private.sighting,
    requiretls      outpost_private.sighting,
    mta_sts         outpost_private.sighting,
    dane            outpost_private.sighting,
    dnssec          outpost_private.sighting,
    last_attempt_at timestamp with time zone NOT NULL,
    CONSTRAINT domain_ability_pkey PRIMARY KEY (account, domain)
) WITH (fillfactor=70);
CREATE INDEX domain_ability_domain ON outpost_private.domain_ability USING btree (domain);
CREATE INDEX domain_ability_last_attempt ON outpost_private.domain_ability USING btree (last_attempt_at);

CREATE TABLE outpost_private.domain_ability_change (
    account  text NOT NULL,
    domain   text NOT NULL,
    ability  text NOT NULL,
    hour     timestamp with time zone NOT NULL,
    has      boolean NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at  timestamp with time zone NOT NULL,
    times    integer NOT NULL,
    CONSTRAINT domain_ability_change_pkey PRIMARY KEY (domain, account, ability, hour, has)
) WITH (fillfactor=70);
CREATE INDEX domain_ability_change_hour ON outpost_private.domain_ability_change USING btree (hour);

CREATE TABLE outpost_private.double_bounce (
    message_id bigint NOT NULL,
    number     integer NOT NULL,
    address    text NOT NULL,
    status     text NOT NULL,
    reply      text NOT NULL,
    noted_at   timestamp with time zone NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE outpost_private.evidence_batch (
    node       bigint NOT NULL,
    number     bigint NOT NULL,
    written_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT evidence_batch_pkey PRIMARY KEY (node)
);

CREATE UNLOGGED TABLE outpost_private.limit_node (
    node  bigint NOT NULL,
    round bigint NOT NULL,
    CONSTRAINT limit_node_pkey PRIMARY KEY (node)
);

CREATE TABLE outpost_private.limit_rate (
    transport   text NOT NULL,
    destination text NOT NULL,
    until       timestamp with time zone NOT NULL,
    messages    integer NOT NULL,
    CONSTRAINT limit_rate_pkey PRIMARY KEY (transport, destination, until)
) WITH (fillfactor=70);
CREATE INDEX limit_rate_until ON outpost_private.limit_rate USING btree (until);

CREATE UNLOGGED TABLE outpost_private.limit_slot (
    transport    text NOT NULL,
    destination  text NOT NULL,
    node         bigint NOT NULL,
    slots        integer NOT NULL,
    wanted       integer NOT NULL,
    wanted_since timestamp with time zone,
    slot_limit   integer NOT NULL,
    CONSTRAINT limit_slot_pkey PRIMARY KEY (transport, destination, node)
) WITH (fillfactor=70);
CREATE INDEX limit_slot_node ON outpost_private.limit_slot USING btree (node);
CREATE INDEX limit_slot_wanted ON outpost_private.limit_slot USING btree (transport, destination) WHERE (wanted > 0);

CREATE TABLE outpost_private.message (
    id              bigint NOT NULL,
    account         text NOT NULL,
    mail_from       text NOT NULL,
    header          bytea NOT NULL,
    size            bigint NOT NULL,
    eightbit        boolean NOT NULL,
    smtputf8        boolean NOT NULL,
    require_tls     boolean,
    ret             text NOT NULL,
    envid           text NOT NULL,
    tag             text NOT NULL,
    message_id      text NOT NULL,
    source          text NOT NULL,
    client          text NOT NULL,
    idempotency_key text,
    submitted_at    timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    due_from        timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    require_tls_by  text,
    require_tls_at  timestamp with time zone,
    signed_by       text,
    CONSTRAINT message_pkey PRIMARY KEY (id),
    CONSTRAINT message_ret_check CHECK ((ret = ANY (ARRAY[''::text, 'full'::text, 'hdrs'::text])))
) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_analyze_threshold=5000, autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=10000);
CREATE INDEX message_account ON outpost_private.message USING btree (account, submitted_at) WHERE (account <> ''::text);
CREATE UNIQUE INDEX message_idempotency ON outpost_private.message USING btree (account, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE TABLE outpost_private.migration (
    version    integer NOT NULL,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (version)
);

CREATE TABLE outpost_private.mta_sts (
    domain         text NOT NULL,
    version        bigint NOT NULL,
    record_id      text,
    mode           text,
    max_age        integer,
    mx             text[],
    policy_text    text,
    fetched_at     timestamp with time zone,
    valid_until    timestamp with time zone,
    refresh_at     timestamp with time zone,
    failure        text,
    failure_text   text,
    failure_code   text,
    failed_at      timestamp with time zone,
    retry_at       timestamp with time zone,
    fetching_until timestamp with time zone,
    last_used_at   timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT mta_sts_check CHECK ((num_nulls(record_id, mode, max_age, mx, policy_text, fetched_at, valid_until) = ANY (ARRAY[0, 7]))),
    CONSTRAINT mta_sts_check1 CHECK ((num_nulls(failure, failure_text, failure_code, failed_at, retry_at) = ANY (ARRAY[0, 5]))),
    CONSTRAINT mta_sts_max_age_check CHECK ((max_age >= 0)),
    CONSTRAINT mta_sts_mode_check CHECK ((mode = ANY (ARRAY['enforce'::text, 'testing'::text, 'none'::text]))),
    CONSTRAINT mta_sts_pkey PRIMARY KEY (domain)
);
CREATE INDEX mta_sts_refresh ON outpost_private.mta_sts USING btree (refresh_at) WHERE (refresh_at IS NOT NULL);
CREATE TRIGGER mta_sts_deleted AFTER DELETE ON outpost_private.mta_sts FOR EACH ROW WHEN ((old.version > 0)) EXECUTE FUNCTION outpost_private.mta_sts_changed();
CREATE TRIGGER mta_sts_inserted AFTER INSERT ON outpost_private.mta_sts FOR EACH ROW WHEN ((new.version > 0)) EXECUTE FUNCTION outpost_private.mta_sts_changed();
CREATE TRIGGER mta_sts_updated AFTER UPDATE ON outpost_private.mta_sts FOR EACH ROW WHEN ((new.version <> old.version)) EXECUTE FUNCTION outpost_private.mta_sts_changed();

CREATE TABLE outpost_private.node (
    id             bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    name           text NOT NULL,
    hostname       text NOT NULL,
    program        text NOT NULL,
    config_version text NOT NULL,
    started_at     timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at   timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    lease_until    timestamp with time zone NOT NULL,
    stopped_at     timestamp with time zone,
    uses_limits    boolean NOT NULL DEFAULT false,
    CONSTRAINT node_pkey PRIMARY KEY (id)
);
CREATE INDEX node_name ON outpost_private.node USING btree (name);

CREATE TABLE outpost_private.received_tls_failure (
    report                 bigint NOT NULL,
    policy                 integer NOT NULL,
    number                 integer NOT NULL,
    result_type            text NOT NULL,
    failure_reason_code    text NOT NULL,
    sending_mta_ip         text NOT NULL,
    receiving_mx_hostname  text NOT NULL,
    receiving_mx_helo      text NOT NULL,
    receiving_ip           text NOT NULL,
    additional_information text NOT NULL,
    sessions               bigint NOT NULL,
    CONSTRAINT received_tls_failure_pkey PRIMARY KEY (report, policy, number),
    CONSTRAINT received_tls_failure_report_policy_fkey FOREIGN KEY (report, policy) REFERENCES outpost_private.received_tls_policy(report, number) ON DELETE CASCADE
);

CREATE TABLE outpost_private.received_tls_policy (
    report         bigint NOT NULL,
    number         integer NOT NULL,
    policy_domain  text NOT NULL,
    of_host        boolean NOT NULL,
    policy_type    text NOT NULL,
    policy_strings text[] NOT NULL,
    mx_hosts       text[] NOT NULL,
    successes      bigint NOT NULL,
    failures       bigint NOT NULL,
    CONSTRAINT received_tls_policy_pkey PRIMARY KEY (report, number),
    CONSTRAINT received_tls_policy_report_fkey FOREIGN KEY (report) REFERENCES outpost_private.received_tls_report(id) ON DELETE CASCADE
);
CREATE INDEX received_tls_policy_domain ON outpost_private.received_tls_policy USING btree (policy_domain);

CREATE TABLE outpost_private.received_tls_report (
    id           bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    way          text NOT NULL,
    submitter    text NOT NULL,
    report_id    text NOT NULL,
    organization text NOT NULL,
    contact      text NOT NULL,
    period_begin timestamp with time zone NOT NULL,
    period_end   timestamp with time zone NOT NULL,
    from_domain  text NOT NULL,
    mail_from    text NOT NULL,
    client       text NOT NULL,
    received_at  timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    duplicates   integer NOT NULL DEFAULT 0,
    octets       bigint NOT NULL,
    header       bytea NOT NULL,
    json_gzip    bytea NOT NULL,
    CONSTRAINT received_tls_report_pkey PRIMARY KEY (id),
    CONSTRAINT received_tls_report_way_check CHECK ((way = ANY (ARRAY['mail'::text, 'https'::text]))),
    CONSTRAINT received_tls_report_way_submitter_report_id_key UNIQUE (way, submitter, report_id)
);
ALTER TABLE outpost_private.received_tls_report ALTER COLUMN json_gzip SET STORAGE EXTERNAL;
CREATE INDEX received_tls_report_at ON outpost_private.received_tls_report USING btree (received_at);
CREATE INDEX received_tls_report_organization ON outpost_private.received_tls_report USING btree (organization, report_id);

CREATE TABLE outpost_private.recipient (
    message_id         bigint NOT NULL,
    number             integer NOT NULL,
    address            text NOT NULL,
    domain             text NOT NULL,
    notify             text NOT NULL,
    orcpt              text NOT NULL,
    state              text NOT NULL,
    attempts           integer NOT NULL DEFAULT 0,
    crashes            integer NOT NULL DEFAULT 0,
    next_attempt_at    timestamp with time zone,
    transport_override text NOT NULL DEFAULT ''::text,
    lease_node         bigint,
    lease_token        bigint,
    leased_at          timestamp with time zone,
    stage              text NOT NULL DEFAULT ''::text,
    on_uncertain       text NOT NULL DEFAULT 'resend'::text,
    uncertain          boolean NOT NULL DEFAULT false,
    hold_reason        text NOT NULL DEFAULT ''::text,
    held_by            text NOT NULL DEFAULT ''::text,
    held_at            timestamp with time zone,
    last_attempt_at    timestamp with time zone,
    last_error         text NOT NULL DEFAULT ''::text,
    last_status        text NOT NULL DEFAULT ''::text,
    last_reply         text NOT NULL DEFAULT ''::text,
    last_reply_code    integer,
    last_transport     text NOT NULL DEFAULT ''::text,
    last_remote_host   text NOT NULL DEFAULT ''::text,
    last_remote_ip     text NOT NULL DEFAULT ''::text,
    warned             boolean NOT NULL DEFAULT false,
    report             text,
    finished_at        timestamp with time zone,
    interrupted        boolean NOT NULL DEFAULT false,
    CONSTRAINT recipient_on_uncertain_check CHECK ((on_uncertain = ANY (ARRAY['resend'::text, 'hold'::text, 'assume_delivered'::text]))),
    CONSTRAINT recipient_pkey PRIMARY KEY (message_id, number),
    CONSTRAINT recipient_report_check CHECK ((report = ANY (ARRAY['delayed'::text, 'failed'::text, 'delivered'::text, 'relayed'::text]))),
    CONSTRAINT recipient_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'leased'::text, 'held'::text, 'delivered'::text, 'failed'::text, 'dropped'::text])))
) WITH (autovacuum_analyze_scale_factor=0.02, autovacuum_analyze_threshold=5000, autovacuum_vacuum_cost_limit=2000, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=10000, fillfactor=70);
CREATE INDEX recipient_address ON outpost_private.recipient USING btree (address) WHERE (state <> 'leased'::text);
CREATE INDEX recipient_due ON outpost_private.recipient USING btree (next_attempt_at) WHERE (state = 'queued'::text);
CREATE INDEX recipient_finished ON outpost_private.recipient USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX recipient_lane ON outpost_private.recipient USING btree (domain, next_attempt_at) WHERE (state = 'queued'::text);
CREATE INDEX recipient_leased ON outpost_private.recipient USING btree (lease_node) WHERE (state = 'leased'::text);
CREATE INDEX recipient_report ON outpost_private.recipient USING btree (message_id) WHERE (report IS NOT NULL);
CREATE INDEX recipient_uncertain ON outpost_private.recipient USING btree (message_id) WHERE uncertain;
CREATE INDEX recipient_waiting ON outpost_private.recipient USING btree (state, message_id, number) WHERE (state = ANY (ARRAY['queued'::text, 'held'::text]));
CREATE TRIGGER recipient_waits AFTER UPDATE ON outpost_private.recipient REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting_update();
CREATE TRIGGER recipient_waits_less AFTER DELETE ON outpost_private.recipient REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();
CREATE TRIGGER recipient_waits_more AFTER INSERT ON outpost_private.recipient REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION outpost_private.note_waiting();

CREATE TABLE outpost_private.schema_object (
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT schema_object_pkey PRIMARY KEY (name)
);

CREATE TABLE outpost_private.suppression (
    key           text NOT NULL,
    address       text NOT NULL,
    domain        text NOT NULL,
    reason        text NOT NULL,
    message_id    bigint,
    number        integer,
    suppressed_by text NOT NULL,
    created_at    timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    until         timestamp with time zone,
    CONSTRAINT suppression_check CHECK ((num_nulls(message_id, number) = ANY (ARRAY[0, 2]))),
    CONSTRAINT suppression_pkey PRIMARY KEY (key)
);
CREATE INDEX suppression_domain ON outpost_private.suppression USING btree (domain);
CREATE INDEX suppression_until ON outpost_private.suppression USING btree (until) WHERE (until IS NOT NULL);
CREATE TRIGGER suppression_is_told AFTER INSERT OR UPDATE ON outpost_private.suppression FOR EACH ROW EXECUTE FUNCTION outpost_private.tell_suppression();

CREATE TABLE outpost_private.tls_failure (
    result_id              bigint NOT NULL,
    hash                   bytea NOT NULL,
    result_type            text NOT NULL,
    failure_reason_code    text NOT NULL,
    receiving_mx_hostname  text NOT NULL,
    receiving_mx_helo      text NOT NULL,
    receiving_ip           text NOT NULL,
    sending_mta_ip         text NOT NULL,
    additional_information text NOT NULL,
    sessions               bigint NOT NULL,
    CONSTRAINT tls_failure_pkey PRIMARY KEY (result_id, hash),
    CONSTRAINT tls_failure_result_id_fkey FOREIGN KEY (result_id) REFERENCES outpost_private.tls_result(id) ON DELETE CASCADE
) WITH (fillfactor=70);

CREATE TABLE outpost_private.tls_report (
    id          bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    day         date NOT NULL,
    domain      text NOT NULL,
    to_host     boolean NOT NULL,
    state       text NOT NULL DEFAULT 'due'::text,
    next_at     timestamp with time zone NOT NULL,
    token       bigint,
    attempts    integer NOT NULL DEFAULT 0,
    give_up_at  timestamp with time zone,
    reason      text NOT NULL DEFAULT ''::text,
    places      text NOT NULL DEFAULT ''::text,
    report_id   text NOT NULL DEFAULT ''::text,
    successes   bigint NOT NULL DEFAULT 0,
    failures    bigint NOT NULL DEFAULT 0,
    content     bytea,
    planned_at  timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    made_at     timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT tls_report_day_domain_to_host_key UNIQUE (day, domain, to_host),
    CONSTRAINT tls_report_pkey PRIMARY KEY (id),
    CONSTRAINT tls_report_state_check CHECK ((state = ANY (ARRAY['due'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'skipped'::text])))
);
CREATE INDEX tls_report_due ON outpost_private.tls_report USING btree (next_at) WHERE (state = 'due'::text);
CREATE INDEX tls_report_sending ON outpost_private.tls_report USING btree (id) WHERE (state = 'sending'::text);

CREATE TABLE outpost_private.tls_report_place (
    report_id   bigint NOT NULL,
    place       text NOT NULL,
    state       text NOT NULL,
    message_id  bigint,
    number      integer,
    next_at     timestamp with time zone,
    token       bigint,
    attempts    integer NOT NULL DEFAULT 0,
    give_up_at  timestamp with time zone NOT NULL,
    reason      text NOT NULL DEFAULT ''::text,
    finished_at timestamp with time zone,
    CONSTRAINT tls_report_place_check CHECK (((state = 'posting'::text) <= (next_at IS NOT NULL))),
    CONSTRAINT tls_report_place_check1 CHECK ((num_nulls(message_id, number) = ANY (ARRAY[0, 2]))),
    CONSTRAINT tls_report_place_pkey PRIMARY KEY (report_id, place),
    CONSTRAINT tls_report_place_report_id_fkey FOREIGN KEY (report_id) REFERENCES outpost_private.tls_report(id) ON DELETE CASCADE,
    CONSTRAINT tls_report_place_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'posting'::text, 'sent'::text, 'failed'::text, 'suppressed'::text])))
);
CREATE INDEX tls_report_place_posting ON outpost_private.tls_report_place USING btree (next_at) WHERE (state = 'posting'::text);
CREATE INDEX tls_report_place_queued ON outpost_private.tls_report_place USING btree (message_id, number) WHERE (state = 'queued'::text);
CREATE INDEX tls_report_place_sent ON outpost_private.tls_report_place USING btree (message_id, number) WHERE ((state = 'sent'::text) AND (message_id IS NOT NULL));

CREATE TABLE outpost_private.tls_report_quota (
    day     date NOT NULL,
    whom    text NOT NULL,
    reports bigint NOT NULL,
    octets  bigint NOT NULL,
    CONSTRAINT tls_report_quota_pkey PRIMARY KEY (day, whom)
);

CREATE TABLE outpost_private.tls_report_suppression (
    key           text NOT NULL,
    place         text NOT NULL,
    reason        text NOT NULL,
    message_id    bigint,
    suppressed_by text NOT NULL,
    created_at    timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    until         timestamp with time zone NOT NULL,
    CONSTRAINT tls_report_suppression_pkey PRIMARY KEY (key)
);
CREATE INDEX tls_report_suppression_until ON outpost_private.tls_report_suppression USING btree (until);

CREATE TABLE outpost_private.tls_result (
    id               bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    day              date NOT NULL,
    policy_domain    text NOT NULL,
    recipient_domain text NOT NULL,
    of_host          boolean NOT NULL,
    policy_hash      bytea NOT NULL,
    policy_type      text NOT NULL,
    policy_strings   text[] NOT NULL,
    mx_hosts         text[] NOT NULL,
    successes        bigint NOT NULL,
    failures         bigint NOT NULL,
    send_report      boolean NOT NULL,
    updated_at       timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    planned          boolean NOT NULL DEFAULT false,
    CONSTRAINT tls_result_day_policy_domain_recipient_domain_of_host_polic_key UNIQUE (day, policy_domain, recipient_domain, of_host, policy_hash),
    CONSTRAINT tls_result_pkey PRIMARY KEY (id),
    CONSTRAINT tls_result_policy_type_check CHECK ((policy_type = ANY (ARRAY['no-policy-found'::text, 'sts'::text, 'tlsa'::text])))
) WITH (fillfactor=70);
CREATE INDEX tls_result_recipient ON outpost_private.tls_result USING btree (recipient_domain, day);
CREATE INDEX tls_result_unplanned ON outpost_private.tls_result USING btree (day) WHERE (send_report AND (NOT planned));

CREATE TABLE outpost_private.transport (
    name text NOT NULL,
    CONSTRAINT transport_pkey PRIMARY KEY (name)
);

CREATE TABLE outpost_private.waiting (
    kind            text NOT NULL,
    name            text NOT NULL,
    queued          bigint NOT NULL,
    held            bigint NOT NULL,
    next_due        timestamp with time zone,
    last_attempt_at timestamp with time zone,
    last_reply      text NOT NULL,
    CONSTRAINT waiting_kind_check CHECK ((kind = ANY (ARRAY['all'::text, 'account'::text, 'domain'::text, 'tag'::text]))),
    CONSTRAINT waiting_pkey PRIMARY KEY (kind, name)
) WITH (autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=1000, fillfactor=70);
CREATE INDEX waiting_due ON outpost_private.waiting USING btree (next_due) WHERE (next_due IS NOT NULL);
CREATE INDEX waiting_most ON outpost_private.waiting USING btree (kind, queued);
CREATE INDEX waiting_none ON outpost_private.waiting USING btree (kind) WHERE ((queued = 0) AND (held = 0));

CREATE TABLE outpost_private.waiting_change (
    domain          text NOT NULL,
    account         text NOT NULL,
    tag             text NOT NULL,
    queued          bigint NOT NULL,
    held            bigint NOT NULL,
    next_due        timestamp with time zone,
    last_attempt_at timestamp with time zone,
    last_reply      text
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, vacuum_truncate=false);

-- Views: their columns ---------------------------------------------------------------------------------

-- outpost.accounts: Accounts of the configuration
--     name        text     Name of the account
--     addresses   text[]   Addresses it may send from
--     domains     text[]   Domains it may send from
--     any_sender  boolean  It may send as anyone
--     queued      bigint   Its recipients that have not come to an end

-- outpost.attempts WITH (security_barrier=true): Every delivery attempt, one row for each recipient
--     message_id       bigint                    The message
--     number           integer                   Number of the recipient within its message
--     attempt          integer                   Number of the attempt, from 1
--     started_at       timestamp with time zone  When it began
--     duration         double precision          Seconds it took
--     outcome          text                      delivered, deferred, failed, held, interrupted (its node died), late (its lease was lost before it ended)
--     stage            text                      How far it came; final_dot: the reply to the message itself is not known
--     node             text                      Node that made it
--     route_list       text                      List with the route that matched: account, domain, global, none, override
--     route_index      integer                   Its place in that list, from 1
--     route_name       text                      Its name
--     route_reason     text                      Why it was chosen
--     transport        text                      Transport used
--     remote_host      text                      Host that was talked to
--     remote_ip        text                      Its IP address
--     remote_port      integer                   Its port
--     tls_version      text                      TLS version reached; empty: in clear
--     tls_cipher       text                      Cipher suite
--     tls_verified     boolean                   The certificate was valid for the host, whether that was required or not
--     tls_requirement  text                      What TLS had to reach
--     error_kind       text                      Kind of error
--     reply_code       integer                   SMTP reply code, if the remote spoke
--     status           text                      Enhanced status (RFC 3463)
--     reply            text                      The remote server's words, or ours
--     config_version   text                      Version of the configuration it ran under
--     transcript       text                      Commands and replies with times, for what did not succeed; never content or secrets
--     tls_policy       text                      Who asked for tls_requirement: dane, mta-sts, REQUIRETLS, TLS-Required: No, a transport; in parentheses who only watched; empty: nobody
--     tls_result       text                      What was reached, what proved it, and what would have failed under a policy that only watches

-- outpost.bounces: What reports that came back after delivery say of recipients; texts are of strangers
--     message_id         bigint                    The message that was sent
--     number             integer                   Number of its recipient
--     address            text                      The recipient, as mail was sent to it
--     domain             text                      Its domain, A-labels, or an address literal
--     account            text                      Account that sent the message
--     action             text                      failed, delayed, delivered, relayed or expanded (RFC 3464); unrecognised when something else came back
--     status             text                      Enhanced status in the report; empty when there was none
--     diagnostic         text                      What the remote MTA said, by the report
--     remote_mta         text                      The server that said it, by the report
--     reporting_mta      text                      The server that wrote the report
--     first_received_at  timestamp with time zone  When the first such report for this recipient came
--     received_at        timestamp with time zone  When the last one came, from which status and texts are
--     times              integer                   How many came
--     reported_at        timestamp with time zone  When the sender was told of it; null: not (yet), or it did not want to be

-- outpost.busiest_domains: The twenty domains for which most is waiting; at once, however many there are
--     domain           text                      Recipient domain
--     queued           bigint                    Recipients waiting
--     in_flight        bigint                    Recipients being delivered now
--     held             bigint                    Recipients on hold
--     next_attempt_at  timestamp with time zone  When the first of them is due
--     last_attempt_at  timestamp with time zone  Last attempt that left something waiting
--     last_reply       text                      What was said then

-- outpost.configurations WITH (security_barrier=true): Which node loaded which configuration when; attempts name the version
--     version    text                      Hash of the configuration file
--     node       text                      Name of the node
--     loaded_at  timestamp with time zone  When it was loaded

-- outpost.domain_abilities: What recipient domains can do, by the last direct delivery of each account; null: it did not come to light
--     account                text                      Account whose mail it was; empty for mail without an account
--     domain                 text                      Recipient domain, in A-labels
--     starttls               boolean                   Mail went over TLS; false: in clear
--     requiretls             boolean                   REQUIRETLS was announced under TLS (RFC 8689)
--     mta_sts                boolean                   There is an MTA-STS policy in mode enforce (RFC 8461)
--     dane                   boolean                   The MX host that was talked to has usable TLSA records (RFC 7672)
--     dnssec                 boolean                   The MX answer was secure by DNSSEC
--     last_attempt_at        timestamp with time zone  Last attempt that showed any of this, to the hour
--     starttls_first_seen    timestamp with time zone  When TLS was first seen
--     starttls_last_seen     timestamp with time zone  When TLS was last seen, to the hour
--     requiretls_first_seen  timestamp with time zone  When REQUIRETLS was first seen
--     requiretls_last_seen   timestamp with time zone  When REQUIRETLS was last seen, to the hour
--     mta_sts_first_seen     timestamp with time zone  When an enforced policy was first seen
--     mta_sts_last_seen      timestamp with time zone  When an enforced policy was last seen, to the hour
--     dane_first_seen        timestamp with time zone  When usable TLSA records were first seen
--     dane_last_seen         timestamp with time zone  When usable TLSA records were last seen, to the hour
--     dnssec_first_seen      timestamp with time zone  When the MX answer was first secure
--     dnssec_last_seen       timestamp with time zone  When the MX answer was last secure, to the hour

-- outpost.domain_ability_changes: What recipient domains could no longer do, or could do from then on; changes of one kind within an hour are one row
--     account     text                      Account whose mail it was; empty for mail without an account
--     domain      text                      Recipient domain, in A-labels
--     ability     text                      starttls, requiretls, mta_sts, dane or dnssec
--     before      boolean                   Whether it was seen until then
--     after       boolean                   Whether it was seen from then on
--     changed_at  timestamp with time zone  When the attempt ended that saw the change, the first one of that hour
--     times       integer                   How often it changed this way within the hour: often where MX hosts of a domain differ
--     last_at     timestamp with time zone  When it last did

-- outpost.domains: The queue by recipient domain
--     domain           text                      Recipient domain
--     queued           bigint                    Recipients waiting
--     in_flight        bigint                    Recipients being delivered now
--     held             bigint                    Recipients on hold
--     next_attempt_at  timestamp with time zone  When the first of them is due
--     last_attempt_at  timestamp with time zone  Last attempt that left something waiting
--     last_reply       text                      What was said then

-- outpost.double_bounces WITH (security_barrier=true): Failures of mail with a null reverse-path: nobody could be told
--     message_id  bigint                    The message
--     number      integer                   Number of the recipient
--     address     text                      The recipient
--     status      text                      Enhanced status
--     reply       text                      What was said
--     noted_at    timestamp with time zone  When

-- outpost.history: What became of the mail to an address: to be asked for one address
--     address          text                      Envelope recipient
--     submitted_at     timestamp with time zone  When the message was accepted
--     message_id       bigint                    The message
--     number           integer                   Number of the recipient within its message
--     mail_from        text                      Envelope sender
--     state            text                      queued (waiting), leased (in flight), held (until someone acts), delivered, failed, dropped
--     attempts         integer                   Delivery attempts begun so far
--     next_attempt_at  timestamp with time zone  When it is due, while queued
--     last_status      text                      Enhanced status of the last attempt (RFC 3463)
--     last_reply       text                      The remote server's words, or why it could not be asked
--     finished_at      timestamp with time zone  When it was delivered, failed or dropped
--     bounced_at       timestamp with time zone  When a report came that it failed after all; null: none did
--     bounce_reply     text                      What was said then, by the report: a stranger's text

-- outpost.limits WITH (security_barrier=true): Who may have how many deliveries under way. Empty while there is one node: it counts in memory
--     transport     text                      Transport
--     destination   text                      Recipient domain, empty for a relay, * for the transport as a whole
--     node          text                      Name of the node
--     slots         integer                   Deliveries that it may have under way
--     wanted        integer                   More that it could begin at once
--     wanted_since  timestamp with time zone  Since when it waits for these
--     slot_limit    integer                   The limit for all nodes together

-- outpost.messages: Every message that is in the queue or finished not too long ago
--     message_id         bigint                    The id of the message, as in "queued as ..."
--     submitted_at       timestamp with time zone  When it was accepted
--     account            text                      Account that submitted it; empty for system mail and plain relaying
--     mail_from          text                      Envelope sender; empty for the null reverse-path of reports
--     header_message_id  text                      Value of its Message-ID field
--     size               bigint                    Octets of header and body
--     tag                text                      Class given at submission
--     source             text                      How it came in: submission, relay, sql, dsn, or tlsrpt
--     client             text                      Who handed it in: address and EHLO name
--     envid              text                      Envelope id of the submitter (RFC 3461)
--     require_tls        boolean                   true: REQUIRETLS; false: TLS-Required: No (RFC 8689); null: neither
--     eightbit           boolean                   It has octets above 127
--     smtputf8           boolean                   It was submitted with SMTPUTF8
--     idempotency_key    text                      Key that makes a repeated hand-over return this message
--     recipients         bigint                    Number of recipients
--     open_recipients    bigint                    Recipients that have not come to an end
--     require_tls_by     text                      Who changed require_tls by outpost.set_require_tls, last
--     require_tls_at     timestamp with time zone  When that was
--     signed_by          text                      Domain and selectors of its DKIM signatures by us; empty: it has none; null: mail from SQL that no node with keys has attempted yet

-- outpost.mta_sts_policies: MTA-STS policies (RFC 8461) of recipient domains, and why one could not be fetched
--     domain         text                      Recipient domain, A-labels
--     mode           text                      enforce, testing or none; null when no policy is known
--     mx             text[]                    Mail servers that the policy names; *. stands for one label
--     record_id      text                      Id in the TXT record at _mta-sts when the policy was fetched
--     max_age        interval                  How long the policy may be kept after it was fetched; a year at most
--     fetched_at     timestamp with time zone  When the policy was fetched last
--     valid_until    timestamp with time zone  When it ends unless it is fetched again
--     refresh_at     timestamp with time zone  When a node is to fetch it again; null: not by itself
--     in_force       boolean                   Whether it holds now: until valid_until, whatever DNS and HTTPS say
--     failure        text                      Why the last fetch failed, as TLS reports call it; null when it did not
--     failure_text   text                      The same for people
--     failed_at      timestamp with time zone  When it failed
--     retry_at       timestamp with time zone  Deliveries do not try to fetch it before
--     being_fetched  boolean                   Whether a node fetches it now
--     last_used_at   timestamp with time zone  When mail last went by this row, to the day
--     policy_text    text                      The policy as it was served

-- outpost.nodes: Runs of server processes
--     name            text                      Name of the node
--     hostname        text                      What it calls itself in SMTP
--     program         text                      Version of the program
--     config_version  text                      Version of the configuration in use
--     started_at      timestamp with time zone  When it started
--     heartbeat_at    timestamp with time zone  When it was last heard of
--     lease_until     timestamp with time zone  When others take over what it holds, unless heard of before
--     state           text                      alive, lost (its leases ran out) or stopped
--     in_flight       bigint                    Recipients it holds

-- outpost.queue: What has not come to an end: recipients waiting, held or in flight
--     message_id          bigint                    The message
--     number              integer                   Number of the recipient within its message
--     account             text                      Account that submitted the message
--     mail_from           text                      Envelope sender
--     address             text                      Envelope recipient
--     domain              text                      Domain of the recipient
--     state               text                      queued, leased or held
--     attempts            integer                   Attempts begun so far
--     next_attempt_at     timestamp with time zone  When it is due
--     submitted_at        timestamp with time zone  When the message was accepted
--     size                bigint                    Octets of the message
--     tag                 text                      Class given at submission
--     last_error          text                      Kind of the last error
--     last_status         text                      Enhanced status of the last attempt
--     last_reply          text                      What the remote server said last
--     uncertain           boolean                   It may have been delivered already
--     hold_reason         text                      Why it is held
--     held_by             text                      Who holds it
--     node                text                      Node that has it in flight
--     stage               text                      How far the delivery in flight is
--     transport_override  text                      Transport set by an operator
--     require_tls         boolean                   REQUIRETLS (true), TLS-Required: No (false) or neither

-- outpost.rates WITH (security_barrier=true): Messages that count against limits of messages in an interval
--     transport    text                      Transport
--     destination  text                      Recipient domain, empty for a relay, * for the transport as a whole
--     messages     bigint                    Messages that were let go within the interval
--     next_at      timestamp with time zone  When the first of them no longer count

-- outpost.received_tls_days: What others' TLS reports say of a domain or host of ours, by day
--     day            date     Day (UTC) on which the reports' period begins
--     policy_domain  text     Domain or host of ours, A-labels
--     about          text     domain: as MTA-STS sees it; mx host: as DANE sees it. A session may be counted in both
--     way            text     mail: signed; https: nothing of it is proved
--     reports        bigint   How many reports
--     organizations  text[]   Who says to have written them
--     successes      numeric  Sessions that succeeded
--     failures       numeric  Sessions that failed

-- outpost.received_tls_failures: What sessions with us met, as others report it (RFC 8460 section 4.3); texts are of strangers
--     day                     date    Day (UTC) on which the report's period begins
--     policy_domain           text    Domain or host of ours, A-labels
--     about                   text    domain, or mx host
--     organization            text    Who says to have written the report
--     way                     text    mail: signed; https: nothing of it is proved
--     policy_type             text    sts, tlsa or no-policy-found: the policy that was applied to us
--     result_type             text    starttls-not-supported, certificate-expired ..., or one that RFC 8460 does not know
--     failure_reason_code     text    More precisely, in the sender's words
--     sending_mta_ip          text    IP address of the server that sent to us
--     receiving_mx_hostname   text    MX host that it talked to, or was to
--     receiving_mx_helo       text    What that host called itself
--     receiving_ip            text    Its IP address
--     additional_information  text    Where to read more (a URI)
--     sessions                bigint  How many sessions met it
--     report                  bigint  Key to received_tls_reports

-- outpost.received_tls_reports: TLS reports (RFC 8460) that others sent about our domains and hosts; texts are of strangers
--     report          bigint                    Key to received_tls_failures
--     received_at     timestamp with time zone  When it came
--     way             text                      mail: signed by from_domain; https: posted by whoever, nothing of it is proved
--     organization    text                      Who says to have written it
--     report_id       text                      Its id in the words of who wrote it; sha256:... of its text when it had none
--     contact         text                      Whom to ask about it
--     period_begin    timestamp with time zone  Beginning of the time that it is about
--     period_end      timestamp with time zone  Its end
--     from_domain     text                      Domain in From, for which a DKIM signature passed; empty by https
--     mail_from       text                      Envelope sender; empty by https
--     client          text                      Who handed it in
--     policy_domains  text[]                    Domains and hosts of ours that it speaks of
--     successes       bigint                    Sessions with these that succeeded
--     failures        bigint                    Sessions with these that failed
--     duplicates      integer                   How often the same report came again
--     octets          bigint                    Size of its JSON text
--     header          text                      Header section of the mail with our Received and Authentication-Results on top; octets above 127 as \ooo, a backslash as two
--     json_gzip       bytea                     The whole report, compressed; outpost tlsrpt received --raw prints it

-- outpost.recipients: Every recipient of every message, finished ones included
--     message_id          bigint                    The message
--     number              integer                   Number of the recipient within its message, from 1
--     address             text                      Envelope recipient
--     domain              text                      Its domain as A-labels, or an address literal
--     state               text                      queued (waiting), leased (in flight), held (until someone acts), delivered, failed, dropped
--     attempts            integer                   Delivery attempts begun so far
--     next_attempt_at     timestamp with time zone  When it is due, while queued
--     last_attempt_at     timestamp with time zone  When the last attempt began
--     last_error          text                      Kind of the last error: dns, connect, tls, auth, reply_4xx ...
--     last_status         text                      Enhanced status of the last attempt (RFC 3463)
--     last_reply_code     integer                   SMTP reply code of the last attempt, if the remote spoke
--     last_reply          text                      The remote server's words, or why it could not be asked
--     last_transport      text                      Transport of the last attempt
--     last_remote_host    text                      Host that the last attempt talked to
--     last_remote_ip      text                      Its IP address
--     transport_override  text                      Transport set by an operator; empty: routes decide
--     uncertain           boolean                   An attempt sent the final dot and its reply is not known: it may have been delivered
--     stage               text                      How far the delivery in flight is
--     node                text                      Node that has it in flight
--     leased_at           timestamp with time zone  Since when it is in flight
--     lease_until         timestamp with time zone  When others may take it over, unless its node is heard of before
--     hold_reason         text                      Why it is held
--     held_by             text                      Who holds it
--     held_at             timestamp with time zone  Since when it is held
--     notify              text                      DSN wishes of the submitter (RFC 3461)
--     orcpt               text                      Original recipient given by the submitter (RFC 3461)
--     report              text                      Report to the sender that is about to be written
--     crashes             integer                   Attempts in a row during which the node, or the process of the plugin, died
--     finished_at         timestamp with time zone  When it was delivered, failed or dropped
--     bounced_at          timestamp with time zone  When a report came that it failed after all; null: none did
--     bounce_status       text                      Enhanced status in that report
--     bounce_reply        text                      What was said then, by the report: a stranger's text

-- outpost.suppressions: Addresses that get no more mail for a time
--     address        text                      The address, as it was given or as mail was sent to it
--     domain         text                      Its domain, A-labels, or an address literal
--     reason         text                      Why: what the remote said (a stranger's text), or the words of who suppressed it
--     message_id     bigint                    The message whose failure suppressed it; null when people did
--     number         integer                   Number of the recipient of that message
--     suppressed_by  text                      Database role that suppressed it; empty when a failure did
--     created_at     timestamp with time zone  Since when
--     until          timestamp with time zone  Until when; null: until outpost.unsuppress
--     in_force       boolean                   Whether it holds now
--     key            text                      What is compared: the same for all addresses of a mailbox

-- outpost.tags: The queue by tag
--     tag        text    Class given at submission; empty: none
--     queued     bigint  Recipients waiting
--     in_flight  bigint  Recipients being delivered now
--     held       bigint  Recipients on hold

-- outpost.tls_failures: What sessions of tls_results met (RFC 8460 section 4.3), whether or not mail was delivered all the same
--     day                     date    Day in UTC on which the attempts ended
--     recipient_domain        text    Domain that mail went to, in A-labels
--     policy_domain           text    Domain that the policy is of: the recipient domain, or an MX host
--     policy_type             text    sts, tlsa or no-policy-found
--     result_type             text    starttls-not-supported, certificate-expired ... (RFC 8460 section 4.3)
--     failure_reason_code     text    More precisely: smtp-starttls-reply-code-454, dane-no-match ...
--     receiving_mx_hostname   text    MX host that was talked to, or was to be
--     receiving_mx_helo       text    What its greeting said after the code
--     receiving_ip            text    Its IP address
--     sending_mta_ip          text    IP address that we came from; empty behind a proxy
--     additional_information  text    Where to read more (a URI)
--     sessions                bigint  How many sessions met it; 0: it was seen, and stood in no session's way
--     result_id               bigint  Key to tls_results

-- outpost.tls_report_places: Where each report of tls_reports_sent went, and whether it got there
--     day           date                      Day in UTC that the report tells of
--     domain        text                      Domain that it is for
--     about         text                      domain or mx host, as in tls_reports_sent
--     place         text                      mailto:ADDRESS, or the https URI
--     state         text                      queued (mail under way), posting (HTTPS, still to succeed), sent, failed, suppressed (nothing was sent)
--     message_id    bigint                    The mail that carries it, as in outpost.messages
--     number        integer                   Number of the recipient of that message
--     posts         integer                   How often it was posted
--     next_post_at  timestamp with time zone  When it is posted again
--     give_up_at    timestamp with time zone  No attempt is made later
--     reason        text                      What was said last, where it did not succeed
--     finished_at   timestamp with time zone  When it got there, or was given up
--     report_id     bigint                    The id in tls_reports_sent

-- outpost.tls_report_suppressions: Places that get no TLS reports for a time
--     place          text                      mailto:ADDRESS, or an https URI
--     reason         text                      Why: what the remote said (a stranger's text), or the words of who suppressed it
--     message_id     bigint                    The mail with a report that bounced; null when people suppressed it
--     suppressed_by  text                      Database role that suppressed it; empty when a bounce did
--     created_at     timestamp with time zone  Since when
--     until          timestamp with time zone  Until when
--     in_force       boolean                   Whether it holds now

-- outpost.tls_reports_sent: TLS reports that were owed to others (RFC 8460), and what became of each
--     day          date                      Day in UTC that it tells of
--     domain       text                      Domain that it is for, in A-labels
--     about        text                      domain: to a domain that mail went to; mx host: to a policy domain of MX hosts
--     state        text                      due; sending (queued or being posted); sent (to one place at least); failed; skipped (nobody wants it)
--     due_at       timestamp with time zone  Of one that is due: when it is tried, or tried again
--     attempts     integer                   How often a node has begun to make it
--     reason       text                      Why it was skipped or failed, or could not be made yet
--     report_id    text                      By which its receiver knows it, however often it comes
--     successes    bigint                    Sessions in it that succeeded
--     failures     bigint                    Sessions in it that failed
--     places       text[]                    Where the domain's record wanted it (rua)
--     made_at      timestamp with time zone  When it was made, and its mail queued
--     finished_at  timestamp with time zone  When the last place had it, or it was given up or skipped
--     id           bigint                    Key to tls_report_places

-- outpost.tls_results: TLS of direct deliveries by UTC day: for each policy found the sessions under it (RFC 8460)
--     day               date                      Day in UTC on which the attempts ended
--     recipient_domain  text                      Domain that mail went to, in A-labels
--     policy_domain     text                      Domain that the policy is of: the recipient domain, or an MX host
--     about             text                      domain: MTA-STS' view of the recipient domain; mx host: DANE's view of a host. Each session counts in both
--     policy_type       text                      sts, tlsa or no-policy-found
--     policy_strings    text[]                    Lines of the MTA-STS policy; TLSA records
--     mx_hosts          text[]                    Patterns of MX hosts in the MTA-STS policy
--     successes         bigint                    New sessions with TLS that nothing was wrong with, or where it was ignored
--     failures          bigint                    Sessions that failed, or did not come about, because of TLS or of the policy
--     failure_details   bigint                    Number of rows in tls_failures
--     send_report       boolean                   Whether it is a reason to send a TLS report; false: nothing but TLS reports went there
--     updated_at        timestamp with time zone  When sessions were last added
--     result_id         bigint                    Key to tls_failures

-- outpost.totals: How much is in the queue, by state; at once, however much it is
--     state       text                      queued (waiting), held, or leased (in flight)
--     recipients  bigint                    Recipients in that state
--     oldest      timestamp with time zone  When the message with the lowest id among them was accepted: within a block of ids, the oldest

-- outpost.uncertain: Recipients that may have been delivered: the final dot was sent, its reply is not recorded. Columns as in outpost.queue
--     message_id          bigint                    The message
--     number              integer                   Number of the recipient within its message
--     account             text                      Account that submitted the message
--     mail_from           text                      Envelope sender
--     address             text                      Envelope recipient
--     domain              text                      Domain of the recipient
--     state               text                      queued, leased or held
--     attempts            integer                   Attempts begun so far
--     next_attempt_at     timestamp with time zone  When it is due
--     submitted_at        timestamp with time zone  When the message was accepted
--     size                bigint                    Octets of the message
--     tag                 text                      Class given at submission
--     last_error          text                      Kind of the last error
--     last_status         text                      Enhanced status of the last attempt
--     last_reply          text                      What the remote server said last
--     uncertain           boolean                   It may have been delivered already
--     hold_reason         text                      Why it is held
--     held_by             text                      Who holds it
--     node                text                      Node that has it in flight
--     stage               text                      How far the delivery in flight is
--     transport_override  text                      Transport set by an operator
--     require_tls         boolean                   REQUIRETLS (true), TLS-Required: No (false) or neither

-- outpost_private.waiting_now
--     kind    text
--     name    text
--     queued  bigint
--     held    bigint

-- Functions: how to call them --------------------------------------------------------------------------

-- outpost.drop(message bigint, recipient text DEFAULT NULL::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Gives recipients up and tells nobody

-- outpost.enqueue(account text, mail_from text, recipients text[], message bytea, options jsonb DEFAULT '{}'::jsonb) RETURNS bigint
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Queues a message in the caller's transaction and returns its id; raises an error that says what is wrong with the input

-- outpost.fail(message bigint, recipient text DEFAULT NULL::text, reason text DEFAULT 'given up by the operator'::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Gives recipients up and tells the sender (a failure DSN, where the sender wants one)

-- outpost.hold(message bigint, recipient text DEFAULT NULL::text, reason text DEFAULT ''::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Keeps waiting recipients of a message (or one, by address) from being tried, until released

-- outpost.mta_sts_forget(domain text) RETURNS boolean
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Forgets a domain's MTA-STS policy, in force or not: until it is fetched again, mail goes there without it. False when none was known

-- outpost.mta_sts_refresh(domain text) RETURNS void
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Asks the nodes to look a domain's MTA-STS policy up and fetch it now, known or not (A-labels)

-- outpost.release(message bigint, recipient text DEFAULT NULL::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Ends a hold; the recipients are tried when they are due

-- outpost.retry_now(message bigint, recipient text DEFAULT NULL::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Makes waiting recipients due now

-- outpost.set_require_tls(message bigint, require_tls boolean) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     true: only over verified TLS (REQUIRETLS); false: ignore TLS failures; null: as the policies say. From the next attempt on; returns how many recipients have not come to an end

-- outpost.set_transport(message bigint, transport text, recipient text DEFAULT NULL::text) RETURNS integer
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Uses this transport whatever the routes say; the empty name ends that

-- outpost.suppress(address text, until timestamp with time zone DEFAULT NULL::timestamp with time zone, reason text DEFAULT ''::text) RETURNS void
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     No more mail to this address, nor to others of its mailbox (tags behind + and -, dots and case do not count), until then; null: until outpost.unsuppress

-- outpost.suppress_tls_reports(place text, until timestamp with time zone DEFAULT (clock_timestamp() + '1 mon'::interval), reason text DEFAULT ''::text) RETURNS void
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     No TLS reports to this place (an address, or an https URI as the record has it) until then; a month if nothing is said

-- outpost.tls_abilities(account text, recipients text[]) RETURNS TABLE(recipient text, domain text, starttls text, requiretls text, mta_sts text, dane text, dnssec text, seen_at timestamp with time zone, requiretls_safe boolean, requiretls_safe_for_all boolean)
--     sql, STABLE, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     For each recipient what its domain has shown to this account, and whether REQUIRETLS may be chosen safely: for it, and for all of them together

-- outpost.unsuppress(address text) RETURNS boolean
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Lets mail to this address go again, whoever suppressed it. False when nobody had

-- outpost.unsuppress_tls_reports(place text) RETURNS boolean
--     plpgsql, SECURITY DEFINER, SET search_path=pg_catalog, pg_temp
--     Lets TLS reports go to this place again, whoever suppressed it. False when nobody had

-- outpost_private.address_domain(address text, what text) RETURNS text
--     plpgsql, IMMUTABLE

-- outpost_private.address_literal(domain text) RETURNS text
--     plpgsql, IMMUTABLE

-- outpost_private.check_options(options jsonb) RETURNS void
--     plpgsql

-- outpost_private.check_sender(account text, mail_from text) RETURNS void
--     plpgsql

-- outpost_private.complete_header(header text, id bigint, host text) RETURNS text
--     plpgsql

-- outpost_private.expire(age interval, most integer) RETURNS integer
--     plpgsql

-- outpost_private.expire_bounces(age interval, most integer) RETURNS integer
--     plpgsql

-- outpost_private.expire_history(age interval, most integer) RETURNS integer
--     plpgsql

-- outpost_private.finish_tls_reports() RETURNS integer
--     plpgsql

-- outpost_private.fold_waiting(most integer) RETURNS integer
--     plpgsql

-- outpost_private.follow_tls_reports() RETURNS integer
--     plpgsql

-- outpost_private.free_content(messages bigint[]) RETURNS void
--     sql

-- outpost_private.has_controls(words text) RETURNS boolean
--     sql, IMMUTABLE

-- outpost_private.limits_alone(self bigint) RETURNS boolean
--     plpgsql

-- outpost_private.limits_exchange(self bigint, this_round bigint, transports text[], destinations text[], keeps integer[], wants integer[], limits integer[]) RETURNS TABLE(standing text, transport text, destination text, slots integer, ceiling integer)
--     plpgsql

-- outpost_private.limits_grant(self bigint, live bigint[], key_transport text, key_destination text, keep integer, want integer, most integer, since timestamp with time zone, OUT granted integer, OUT ceiling integer, OUT contended boolean) RETURNS record
--     plpgsql

-- outpost_private.limits_let_go(transports text[], destinations text[], wants integer[], limits integer[], intervals_s double precision[], use_within_s double precision[]) RETURNS TABLE(transport text, destination text, granted integer, retry_s double precision)
--     plpgsql

-- outpost_private.limits_publish(self bigint, this_round bigint, transports text[], destinations text[], held integer[], limits integer[]) RETURNS void
--     plpgsql

-- outpost_private.lock_open(message bigint, only_recipient text) RETURNS integer[]
--     plpgsql

-- outpost_private.mta_sts_changed() RETURNS trigger
--     plpgsql

-- outpost_private.mta_sts_next_refresh(max_age integer) RETURNS timestamp with time zone
--     sql

-- outpost_private.note_bounce(message bigint, recipient integer, action text, status text, diagnostic text, remote_mta text, reporting_mta text, suppress_for interval DEFAULT NULL::interval) RETURNS boolean
--     plpgsql

-- outpost_private.note_waiting() RETURNS trigger
--     plpgsql

-- outpost_private.note_waiting_update() RETURNS trigger
--     plpgsql

-- outpost_private.recount_waiting() RETURNS void
--     plpgsql

-- outpost_private.release_time(options jsonb) RETURNS timestamp with time zone
--     plpgsql

-- outpost_private.rfc5322_date(at timestamp with time zone) RETURNS text
--     sql, STABLE

-- outpost_private.shown(words text) RETURNS text
--     sql, IMMUTABLE

-- outpost_private.sighted(before outpost_private.sighting, has boolean, at timestamp with time zone) RETURNS outpost_private.sighting
--     sql, IMMUTABLE

-- outpost_private.split_message(message bytea, OUT header text, OUT body text) RETURNS record
--     plpgsql, IMMUTABLE

-- outpost_private.suppress_bounced_place(place text, reason text, message bigint) RETURNS void
--     sql

-- outpost_private.suppress_recipients(messages bigint[], numbers integer[], reasons text[], spans interval[]) RETURNS void
--     sql

-- outpost_private.suppression_key(address text, domain text) RETURNS text
--     plpgsql, IMMUTABLE

-- outpost_private.take_over(uncertain_delay interval, most integer) RETURNS integer
--     plpgsql

-- outpost_private.tell_suppression() RETURNS trigger
--     plpgsql

-- outpost_private.tls_report_place(place text) RETURNS text
--     plpgsql, IMMUTABLE

-- outpost_private.tls_report_place_key(place text) RETURNS text
--     sql, IMMUTABLE

-- outpost_private.waives_tls(header text) RETURNS boolean
--     sql, IMMUTABLE

-- outpost_private.with_domain(address text, domain text) RETURNS text
--     sql, IMMUTABLE

-- outpost_private.yes_no(answer boolean) RETURNS text
--     sql, IMMUTABLE

-- Rights, but for the owner's --------------------------------------------------------------------------

-- outpost_operator: EXECUTE ON FUNCTION
--     outpost.drop,
--     outpost.fail,
--     outpost.hold,
--     outpost.mta_sts_forget,
--     outpost.mta_sts_refresh,
--     outpost.release,
--     outpost.retry_now,
--     outpost.set_require_tls,
--     outpost.set_transport,
--     outpost.suppress,
--     outpost.suppress_tls_reports,
--     outpost.unsuppress,
--     outpost.unsuppress_tls_reports
-- outpost_operator: SELECT ON
--     outpost.accounts,
--     outpost.attempts,
--     outpost.bounces,
--     outpost.busiest_domains,
--     outpost.configurations,
--     outpost.domain_abilities,
--     outpost.domain_ability_changes,
--     outpost.domains,
--     outpost.double_bounces,
--     outpost.history,
--     outpost.limits,
--     outpost.messages,
--     outpost.mta_sts_policies,
--     outpost.nodes,
--     outpost.queue,
--     outpost.rates,
--     outpost.received_tls_days,
--     outpost.received_tls_failures,
--     outpost.received_tls_reports,
--     outpost.recipients,
--     outpost.suppressions,
--     outpost.tags,
--     outpost.tls_failures,
--     outpost.tls_report_places,
--     outpost.tls_report_suppressions,
--     outpost.tls_reports_sent,
--     outpost.tls_results,
--     outpost.totals,
--     outpost.uncertain
-- outpost_operator: USAGE ON SCHEMA
--     outpost
-- outpost_reader: SELECT ON
--     outpost.accounts,
--     outpost.attempts,
--     outpost.bounces,
--     outpost.busiest_domains,
--     outpost.configurations,
--     outpost.domain_abilities,
--     outpost.domain_ability_changes,
--     outpost.domains,
--     outpost.double_bounces,
--     outpost.history,
--     outpost.limits,
--     outpost.messages,
--     outpost.mta_sts_policies,
--     outpost.nodes,
--     outpost.queue,
--     outpost.rates,
--     outpost.received_tls_days,
--     outpost.received_tls_failures,
--     outpost.received_tls_reports,
--     outpost.recipients,
--     outpost.suppressions,
--     outpost.tags,
--     outpost.tls_failures,
--     outpost.tls_report_places,
--     outpost.tls_report_suppressions,
--     outpost.tls_reports_sent,
--     outpost.tls_results,
--     outpost.totals,
--     outpost.uncertain
-- outpost_reader: USAGE ON SCHEMA
--     outpost
-- outpost_submitter: EXECUTE ON FUNCTION
--     outpost.enqueue,
--     outpost.tls_abilities
-- outpost_submitter: USAGE ON SCHEMA
--     outpost
