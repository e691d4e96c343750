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
    -- With the id, the position in GET /changes.
    transaction_id    xid8         NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT outbox_events_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT outbox_events_sequence_key UNIQUE (tenant_id, customer_id, sequence)
);
CREATE INDEX outbox_events_unpublished_idx ON outbox_events (tenant_id, id) WHERE published_at IS NULL;

ALTER TABLE outbox_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox_events FORCE ROW LEVEL SECURITY;
CREATE POLICY outbox_events_app ON outbox_events TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY outbox_events_worker ON outbox_events TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON outbox_events TO customer_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox_events TO customer_worker;
