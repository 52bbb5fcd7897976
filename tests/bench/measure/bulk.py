# SPDX-License-Identifier: Apache-2.0
"""Fills the queue by SQL, past the doors: millions of recipients in minutes."""

# Not ours to keep up to date row by row: built anew afterwards, sorted.
_INDEXES = """
select indexname, indexdef from pg_indexes where schemaname = 'outpost_private' and tablename in ('recipient', 'message')
and indexname not like '%_pkey'
"""


def load(postgres, recipients, per_message, domain, due, accounts=20, tags=10):
    """`domain` and `due` are SQL expressions of the number i of a recipient. Nobody may use the queue meanwhile."""
    indexes = postgres.rows(_INDEXES)
    messages = recipients // per_message
    drop = "".join(f"drop index outpost_private.{index['indexname']};" for index in indexes)
    create = "".join(index["indexdef"] + ";" for index in indexes)
    postgres.sql(f"""
        set session_replication_role = replica; set maintenance_work_mem = '1GB'; set synchronous_commit = off;
        begin; {drop} commit;
        create temp table base as select nextval('outpost_private.message_block') * 1000 as id;
        insert into outpost_private.message (id, account, mail_from, header, size, eightbit, smtputf8, ret, envid, tag, message_id,
            source, client, submitted_at)
        select base.id + m, 'account' || m % {accounts}, 'sender@origin.test', header, octet_length(header) + 100, false,
            false, '', '', 'tag' || m % {tags}, '<' || m || '@bulk.test>', 'submission', '', now() - interval '1 day' + m * interval '1 ms'
        from base, generate_series(0, {messages - 1}) m cross join lateral
            (select convert_to(E'From: sender@origin.test\\r\\nSubject: bulk\\r\\n' || repeat(E'X-Padding: x\\r\\n', 20)
                || E'\\r\\n', 'UTF8') as header) h;
        insert into outpost_private.content select base.id + m, 0, convert_to(repeat('y', 98) || E'\\r\\n', 'UTF8')
        from base, generate_series(0, {messages - 1}) m;
        insert into outpost_private.recipient (message_id, number, address, domain, notify, orcpt, state, attempts, next_attempt_at,
            lease_token, last_attempt_at, last_error, last_status, last_reply, last_reply_code, last_transport, last_remote_host, last_remote_ip)
        select base.id + i / {per_message}, 1 + i % {per_message}, 'user' || i || '@' || d, d, '', '', 'queued', 2, {due}, 1,
            now() - random() * interval '1 hour', 'reply_4xx', '4.2.0', '450 4.2.0 later', 450, 'direct', 'mx.' || d, '192.0.2.1'
        from base, generate_series(0, {messages * per_message - 1}) i cross join lateral (select {domain} as d) x;
        select setval('outpost_private.message_block', base.id / 1000 + {messages} / 1000 + 1) from base;
        {create}
        select outpost_private.recount_waiting();
        analyze outpost_private.recipient, outpost_private.message, outpost_private.content, outpost_private.waiting;
    """, timeout=3600)
    postgres.sql("vacuum outpost_private.recipient, outpost_private.message, outpost_private.content", timeout=3600)
