-- The audit trail: append-only (no role may change or delete an entry), partitioned by month. No
-- foreign key to customers: an entry outlives its customer. Values before and after, reason, address
-- and agent of the client are sealed.
SET LOCAL lock_timeout = '5s';

CREATE DOMAIN severity AS varchar(20)
    CONSTRAINT severity_check CHECK (VALUE IN ('DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL'));

CREATE TABLE audit_events (
    tenant_id      uuid         NOT NULL,
    id             uuid         NOT NULL,
    created_at     timestamptz  NOT NULL,
    event_type     varchar(100) NOT NULL,
    severity       severity     NOT NULL DEFAULT 'INFO',
    operation      varchar(50)  NOT NULL,
    customer_id    uuid,
    resource_id    uuid,
    actor_type     actor_type   NOT NULL,
    actor_id       text         NOT NULL,
    session_id     text,
    trace_id       text         NOT NULL,
    correlation_id text         NOT NULL,
    changed_fields text[]       NOT NULL,
    metadata       jsonb        NOT NULL DEFAULT '{}',
    old_values     bytea,
    new_values     bytea,
    ip_address     bytea,
    user_agent     bytea,
    reason         bytea,
    digest         digest       NOT NULL,  -- keyed, over the whole entry
    -- The transaction that wrote the entry: entries are sealed in this order.
    transaction_id xid8         NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, created_at, id)
) PARTITION BY RANGE (created_at);
CREATE INDEX audit_events_transaction_idx ON audit_events (transaction_id, id);
CREATE INDEX audit_events_customer_idx ON audit_events (tenant_id, customer_id, created_at, id)
    WHERE customer_id IS NOT NULL;
CREATE INDEX audit_events_type_idx ON audit_events (tenant_id, event_type, created_at, id);
CREATE INDEX audit_events_resource_idx ON audit_events (tenant_id, resource_id, created_at, id);

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

-- Seals on the audit trail. They are about all tenants, and hold nothing of any.
CREATE TABLE audit_seals (
    number              bigint      NOT NULL,
    month               date        NOT NULL,
    kind                smallint    NOT NULL,  -- 1 entries, 2 the month was dropped
    first_transaction   xid8,
    first_id            uuid,
    last_transaction    xid8,
    last_id             uuid,
    digests             bytea       NOT NULL,  -- of the entries, 32 bytes each
    through_transaction xid8,
    through_id          uuid,
    begins              bigint,                -- of a dropped month: the first seal that is still needed
    previous            bytea       NOT NULL,
    sealed_at           timestamptz NOT NULL,
    digest              bytea       NOT NULL,
    public_key          bytea       NOT NULL,
    signature           bytea       NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (number),
    CONSTRAINT audit_seals_number_check CHECK (number > 0),
    CONSTRAINT audit_seals_kind_check CHECK (kind IN (1, 2)),
    CONSTRAINT audit_seals_begins_check CHECK ((begins IS NOT NULL) = (kind = 2))
);
-- The months that have seals, and the first seal of each.
CREATE INDEX audit_seals_month_idx ON audit_seals (month, number) WHERE kind = 1;
CREATE INDEX audit_seals_dropped_idx ON audit_seals (month) WHERE kind = 2;

ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_seals_worker ON audit_seals TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_seals TO customer_worker;

-- Partitions of the audit trail come and go while the service runs, and its roles own nothing. These three functions
-- are all that the worker can do to the schema; they run as its owner, and say no to what no job would ask for.
-- Nobody is kept waiting: who holds a lock for longer than half a second is left alone, and the job comes again.

-- Makes the partition of a month. False when it is there.
CREATE FUNCTION audit_make_month(wanted date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
    SET timezone = 'UTC'
AS $$
DECLARE
    this_month date := date_trunc('month', now());
    partition  text := 'audit_events_' || to_char(wanted, 'YYYY_MM');
    beginning  timestamptz := wanted;
    ending     timestamptz := wanted + interval '1 month';
    attach     text := format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, beginning, ending);
BEGIN
    IF wanted IS DISTINCT FROM date_trunc('month', wanted)
        OR wanted NOT BETWEEN this_month - interval '1 month' AND this_month + interval '36 months' THEN
        RAISE EXCEPTION 'no month that can be made' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- One at a time; whoever writes entries goes on.
    LOCK TABLE audit_events IN SHARE UPDATE EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit_events'::regclass AND inhrelid = to_regclass(partition)) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
    BEGIN
        EXECUTE attach;
    EXCEPTION WHEN check_violation THEN
        -- Entries that came before their partition lie in the default one, hidden from its owner too.
        ALTER TABLE audit_events_default NO FORCE ROW LEVEL SECURITY;
        EXECUTE format('WITH early AS (DELETE FROM audit_events_default WHERE created_at >= $1 AND created_at < $2 '
            'RETURNING *) INSERT INTO %I SELECT * FROM early', partition) USING beginning, ending;
        ALTER TABLE audit_events_default FORCE ROW LEVEL SECURITY;
        EXECUTE attach;
    END;
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
    RETURN true;
END
$$;

-- Drops the partition of a month whose last entry is at least twelve months old, and of which a seal says that it is
-- dropped. False when it is not there.
CREATE FUNCTION audit_drop_month(wanted date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
    SET timezone = 'UTC'
AS $$
DECLARE
    partition text := 'audit_events_' || to_char(wanted, 'YYYY_MM');
    is_sealed boolean;
BEGIN
    IF wanted IS DISTINCT FROM date_trunc('month', wanted) OR wanted + interval '13 months' > now() THEN
        RAISE EXCEPTION 'no month that can be dropped' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'audit_events'::regclass AND inhrelid = to_regclass(partition)) THEN
        RETURN false;
    END IF;
    -- Hidden from their owner otherwise.
    ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY;
    SELECT EXISTS (SELECT FROM audit_seals WHERE month = wanted AND kind = 2) INTO is_sealed;
    ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
    IF NOT is_sealed THEN
        RAISE EXCEPTION 'no seal says that the month is dropped' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('ALTER TABLE audit_events DETACH PARTITION %I', partition);
    EXECUTE format('DROP TABLE %I', partition);
    RETURN true;
END
$$;

-- Deletes seals before the first that is needed, at most so many: whoever seals waits meanwhile. How many they were.
CREATE FUNCTION audit_trim_seals(most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp
    SET lock_timeout = '500ms'
AS $$
DECLARE
    trimmed bigint;
BEGIN
    IF most NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'too many at one time' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    ALTER TABLE audit_seals NO FORCE ROW LEVEL SECURITY;
    DELETE FROM audit_seals WHERE number IN (SELECT number FROM audit_seals
        WHERE number < (SELECT max(begins) FROM audit_seals WHERE kind = 2) ORDER BY number LIMIT most);
    GET DIAGNOSTICS trimmed = ROW_COUNT;
    ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
    RETURN trimmed;
END
$$;

REVOKE ALL ON FUNCTION audit_make_month(date), audit_drop_month(date), audit_trim_seals(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_make_month(date), audit_drop_month(date), audit_trim_seals(integer) TO customer_worker;
