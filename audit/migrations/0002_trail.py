"""The trail's tables, roles, triggers and functions. PostgreSQL 14 or later, plpgsql only."""

from __future__ import annotations

from django.db import migrations

ROLES = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_owner') THEN CREATE ROLE toolgate_owner NOLOGIN; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_app') THEN CREATE ROLE toolgate_app NOLOGIN; END IF;
EXCEPTION
    WHEN insufficient_privilege THEN RAISE NOTICE 'roles toolgate_owner and toolgate_app are not there and may not be made';
    WHEN duplicate_object OR unique_violation THEN NULL;  -- made by somebody else at the same moment
END $$;
"""

TABLES = """
CREATE TABLE audit_trail (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    class text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    node uuid NOT NULL,
    boot uuid,
    n bigint,
    actor text COLLATE "C" NOT NULL,
    principal text COLLATE "C",
    owner text COLLATE "C",
    agent text COLLATE "C",
    session text COLLATE "C",
    department text COLLATE "C",
    iss text COLLATE "C",
    jti text COLLATE "C",
    kid text COLLATE "C",
    token text COLLATE "C",
    trace text COLLATE "C",
    context text COLLATE "C",
    task text COLLATE "C",
    client text COLLATE "C",
    client_session text COLLATE "C",
    entity_kind text COLLATE "C",
    server text COLLATE "C",
    tool text COLLATE "C",
    effect text COLLATE "C",
    status text COLLATE "C",
    code text COLLATE "C",
    layer text COLLATE "C",
    rule text COLLATE "C",
    release bigint,
    decision text COLLATE "C",
    execution text COLLATE "C",
    call_id text COLLATE "C",
    leaf bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (class, id)
) PARTITION BY LIST (class);
CREATE INDEX audit_trail_seq ON audit_trail (seq);
CREATE INDEX audit_trail_counter ON audit_trail (boot, n);
CREATE INDEX audit_trail_kind ON audit_trail (kind, seq);
CREATE INDEX audit_trail_principal ON audit_trail (principal, seq) WHERE principal IS NOT NULL;
CREATE INDEX audit_trail_tool ON audit_trail (server, tool, seq) WHERE server IS NOT NULL;
CREATE INDEX audit_trail_effect ON audit_trail (effect, seq) WHERE effect IN ('deny', 'ask');
CREATE INDEX audit_trail_trace ON audit_trail (trace) WHERE trace IS NOT NULL;
CREATE INDEX audit_trail_execution ON audit_trail (execution) WHERE execution IS NOT NULL;
CREATE INDEX audit_trail_decision ON audit_trail (decision) WHERE decision IS NOT NULL;

CREATE TABLE audit_trail_debug PARTITION OF audit_trail FOR VALUES IN ('debug') PARTITION BY RANGE (id);
CREATE TABLE audit_trail_info PARTITION OF audit_trail FOR VALUES IN ('info') PARTITION BY RANGE (id);
CREATE TABLE audit_trail_warning PARTITION OF audit_trail FOR VALUES IN ('warning') PARTITION BY RANGE (id);
CREATE TABLE audit_trail_error PARTITION OF audit_trail FOR VALUES IN ('error') PARTITION BY RANGE (id);
CREATE TABLE audit_trail_evidence PARTITION OF audit_trail FOR VALUES IN ('evidence') PARTITION BY RANGE (id);

CREATE TABLE audit_head (id boolean PRIMARY KEY CHECK (id), seq bigint NOT NULL);
INSERT INTO audit_head VALUES (true, 0);

CREATE TABLE audit_cursor (
    segment text COLLATE "C" PRIMARY KEY,
    node uuid NOT NULL,
    boot uuid NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    n bigint NOT NULL,
    mac bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    leaf bytea NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit_day_key (
    id uuid PRIMARY KEY,
    kid text COLLATE "C" NOT NULL,
    principal text COLLATE "C" NOT NULL,
    day integer NOT NULL,
    sealed text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX audit_day_key_principal ON audit_day_key (principal, day);

CREATE TABLE audit_quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    segment text NOT NULL,
    position bigint NOT NULL,
    record uuid,
    boot uuid,
    n bigint,
    reason text NOT NULL,
    frame bytea NOT NULL
);
"""

FUNCTIONS = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is insert-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- The lowest id of a moment: ids are UUIDv7, so a bound in time is a bound in ids.
CREATE FUNCTION audit_floor(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION audit_guard(guarded text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A trigger on the parent does not stop TRUNCATE of a partition: every table has its own.
    EXECUTE format('CREATE TRIGGER audit_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()', guarded);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER audit_insert_only', guarded);
END $$;

-- Makes the partition of one class that holds `moment`; answers its name, or null when it was there.
-- The owner's, so that the application can have one made without being allowed to make tables.
CREATE FUNCTION audit_ensure_partition(wanted text, moment timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept interval := CASE wanted WHEN 'debug' THEN '1 day' WHEN 'info' THEN '7 days' WHEN 'warning' THEN '30 days'
                     WHEN 'error' THEN '90 days' WHEN 'evidence' THEN '365 days' END;
    step text := CASE WHEN wanted IN ('debug', 'info') THEN 'day' ELSE 'week' END;
    first_moment timestamptz;
    name text;
BEGIN
    IF kept IS NULL THEN
        RAISE EXCEPTION 'no retention class %', wanted USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF moment < now() - kept - interval '31 days' OR moment > now() + interval '31 days' THEN
        RAISE EXCEPTION 'no partition for %: too far from now', moment USING ERRCODE = 'invalid_parameter_value';
    END IF;
    first_moment := date_trunc(step, moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    name := format('audit_trail_%s_%s', wanted, to_char(first_moment AT TIME ZONE 'UTC', 'YYYYMMDD'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7310298, 2);
    IF to_regclass(name) IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- Attached, not created in place: that takes no lock which stops readers and writers of the rest.
    EXECUTE format('CREATE TABLE %I (LIKE audit_trail INCLUDING DEFAULTS INCLUDING CONSTRAINTS) '
                   'WITH (autovacuum_vacuum_insert_scale_factor = 0.05)', name);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', 'audit_trail_' || wanted, name,
                   audit_floor(first_moment), audit_floor(first_moment + ('1 ' || step)::interval));
    PERFORM audit_guard(name);
    RETURN name;
END $$;
REVOKE ALL ON FUNCTION audit_ensure_partition(text, timestamptz) FROM PUBLIC;

SELECT audit_guard(name) FROM unnest(ARRAY['audit_trail', 'audit_trail_debug', 'audit_trail_info', 'audit_trail_warning',
    'audit_trail_error', 'audit_trail_evidence']) AS name;
-- Cloned to every partition, also to one that somebody attaches by hand.
CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON audit_trail FOR EACH ROW EXECUTE FUNCTION audit_refuse();
"""

VIEW = """
CREATE VIEW audit_execution AS
SELECT
    started.execution AS execution_id,
    started.tool AS tool_name,
    started.server AS server_name,
    to_timestamp((opening #>> '{data,started_at}')::bigint / 1000000.0) AS started_at,
    to_timestamp((closing #>> '{data,completed_at}')::bigint / 1000000.0) AS completed_at,
    coalesce((closing #>> '{data,micros}')::bigint,
             (closing #>> '{data,completed_at}')::bigint - (opening #>> '{data,started_at}')::bigint) / 1000.0
        AS execution_time_ms,
    opening #> '{data,input}' AS input,
    closing #> '{data,output}' AS output,
    opening #>> '{data,output_schema}' AS output_schema,
    coalesce(ended.status, 'pending') AS status,
    closing #>> '{data,error}' AS error_message,
    started.principal AS user_id,
    started.session AS session_id,
    started.context AS context_id,
    started.task AS task_id,
    started.trace AS trace_id,
    opening #>> '{data,request_method}' AS request_method,
    opening #>> '{data,request_source}' AS request_source,
    started.call_id AS call_id,
    started.decision AS decision_id
FROM audit_trail AS started
CROSS JOIN LATERAL (SELECT convert_from(started.body, 'UTF8')::jsonb AS opening) AS first_body
LEFT JOIN LATERAL (
    SELECT other.status, convert_from(other.body, 'UTF8')::jsonb AS closing
    FROM audit_trail AS other
    WHERE other.class = 'evidence' AND other.kind = 'execution' AND other.status <> 'pending'
        AND other.execution = started.execution
        AND other.id >= audit_floor(started.at - interval '1 hour')
        AND other.id < audit_floor(started.at + interval '2 days')
    ORDER BY other.source <> 'observed', other.seq  -- a report never overwrites what was seen
    LIMIT 1
) AS ended ON true
WHERE started.class = 'evidence' AND started.kind = 'execution' AND started.status = 'pending';
"""

RIGHTS = """
DO $$
DECLARE
    made text;
    owned text[] := ARRAY['audit_trail', 'audit_trail_debug', 'audit_trail_info', 'audit_trail_warning',
        'audit_trail_error', 'audit_trail_evidence', 'audit_head', 'audit_cursor', 'audit_outbox', 'audit_day_key',
        'audit_quarantine', 'audit_execution'];
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_owner') AND current_user <> 'toolgate_owner'
            AND pg_has_role(current_user, 'toolgate_owner', 'MEMBER') THEN
        EXECUTE 'GRANT USAGE, CREATE ON SCHEMA public TO toolgate_owner';
        FOREACH made IN ARRAY owned LOOP
            EXECUTE format('ALTER TABLE %I OWNER TO toolgate_owner', made);
        END LOOP;
        ALTER FUNCTION audit_refuse() OWNER TO toolgate_owner;
        ALTER FUNCTION audit_guard(text) OWNER TO toolgate_owner;
        ALTER FUNCTION audit_floor(timestamptz) OWNER TO toolgate_owner;
        ALTER FUNCTION audit_ensure_partition(text, timestamptz) OWNER TO toolgate_owner;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'toolgate_app') THEN
        GRANT USAGE ON SCHEMA public TO toolgate_app;
        REVOKE ALL ON audit_trail, audit_day_key, audit_quarantine, audit_execution, audit_head, audit_cursor,
            audit_outbox FROM toolgate_app;
        GRANT SELECT, INSERT ON audit_trail, audit_day_key, audit_quarantine TO toolgate_app;
        GRANT SELECT ON audit_execution TO toolgate_app;
        GRANT SELECT, UPDATE ON audit_head TO toolgate_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON audit_cursor TO toolgate_app;
        GRANT SELECT, INSERT, DELETE ON audit_outbox TO toolgate_app;
        GRANT EXECUTE ON FUNCTION audit_ensure_partition(text, timestamptz) TO toolgate_app;
    END IF;
END $$;
"""

PARTITIONS = """
SELECT audit_ensure_partition(class, now() + make_interval(days => ahead))
FROM unnest(ARRAY['debug', 'info', 'warning', 'error', 'evidence']) AS class, generate_series(-1, 8) AS ahead;
"""

DROP = """
DROP VIEW audit_execution;
DROP TABLE audit_trail, audit_head, audit_cursor, audit_outbox, audit_day_key, audit_quarantine;
DROP FUNCTION audit_ensure_partition(text, timestamptz), audit_guard(text), audit_floor(timestamptz), audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(ROLES, migrations.RunSQL.noop),
        migrations.RunSQL(TABLES + FUNCTIONS + VIEW + RIGHTS + PARTITIONS, DROP),
    ]
