-- The audit trail: append-only (no role may change or delete an entry), partitioned by month. No
-- foreign key to customers: an entry outlives its customer. Old and new values, address and user
-- agent of the client come when they can be sealed.
SET LOCAL lock_timeout = '5s';

CREATE TABLE audit_events (
    tenant_id      uuid         NOT NULL,
    id             uuid         NOT NULL,
    created_at     timestamptz  NOT NULL,
    event_type     varchar(100) NOT NULL,
    severity       varchar(20)  NOT NULL DEFAULT 'INFO',
    operation      varchar(50)  NOT NULL,
    customer_id    uuid,
    resource_id    uuid,
    -- 1 customer, 2 API key, 3 this service
    actor_type     smallint     NOT NULL,
    actor_id       text         NOT NULL,
    session_id     text,
    trace_id       text         NOT NULL,
    correlation_id text         NOT NULL,
    changed_fields text[]       NOT NULL,
    reason         varchar(500),
    metadata       jsonb        NOT NULL DEFAULT '{}',
    CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, created_at, id),
    CONSTRAINT audit_events_severity_check CHECK (severity IN ('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL')),
    CONSTRAINT audit_events_actor_type_check CHECK (actor_type BETWEEN 1 AND 3)
) PARTITION BY RANGE (created_at);

-- This month and the 24 after it; a row outside lands in the default partition. Partitions are
-- reached through the parent only: they have no grants, and no policy that would admit anyone.
DO $$
DECLARE
    first date := date_trunc('month', now() AT TIME ZONE 'UTC');
    month date;
    partition text;
BEGIN
    FOR ahead IN 0..24 LOOP
        month := first + make_interval(months => ahead);
        partition := 'audit_events_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)', partition,
            month || ' 00:00:00+00', (month + interval '1 month')::date || ' 00:00:00+00');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
    END LOOP;
END
$$;
CREATE TABLE audit_events_default PARTITION OF audit_events DEFAULT;
ALTER TABLE audit_events_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events_default FORCE ROW LEVEL SECURITY;

ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_events FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_events_app ON audit_events TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY audit_events_worker ON audit_events TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_events TO customer_app;
GRANT SELECT, INSERT ON audit_events TO customer_worker;
