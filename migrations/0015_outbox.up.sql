-- Events on their way out, written in the transaction of their change. One customer's transactions
-- queue on its row, so within a customer `sequence` is the order of commits.
SET LOCAL lock_timeout = '5s';

CREATE TABLE outbox_events (
    tenant_id         uuid         NOT NULL,
    id                uuid         NOT NULL,
    customer_id       uuid         NOT NULL,
    sequence          bigint       NOT NULL,
    topic             varchar(100) NOT NULL,
    event_type        varchar(100) NOT NULL,
    payload           bytea        NOT NULL,  -- the whole message, sealed until it leaves
    created_at        timestamptz  NOT NULL,
    published_at      timestamptz,
    attempts          integer      NOT NULL DEFAULT 0,
    last_attempted_at timestamptz,
    parked_at         timestamptz,
    trace_id          text         NOT NULL,
    -- In GET /changes: given after the commit, tenant by tenant, one customer's events by sequence.
    position          bigint,
    CONSTRAINT outbox_events_pkey PRIMARY KEY (tenant_id, customer_id, sequence)
);
CREATE UNIQUE INDEX outbox_events_position_key ON outbox_events (tenant_id, position) WHERE position IS NOT NULL;
-- The events that have no position yet.
CREATE INDEX outbox_events_unnumbered_idx ON outbox_events (tenant_id, customer_id, sequence) WHERE position IS NULL;

ALTER TABLE outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_events FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_events_app ON outbox_events TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY outbox_events_worker ON outbox_events TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON outbox_events TO customer_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_events TO customer_worker;

-- The last position of each tenant. Who numbers events holds the row until the commit, so positions become visible in
-- their order.
CREATE TABLE outbox_positions (
    tenant_id uuid   NOT NULL,
    position  bigint NOT NULL,
    CONSTRAINT outbox_positions_pkey PRIMARY KEY (tenant_id)
);

ALTER TABLE outbox_positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_positions FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_positions_worker ON outbox_positions TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON outbox_positions TO customer_worker;
