-- Replies of committed requests, kept until they expire, so that a request sent twice counts once.
SET LOCAL lock_timeout = '5s';

CREATE TABLE idempotency_keys (
    tenant_id   uuid         NOT NULL,
    caller      text         COLLATE "C" NOT NULL,
    route       text         COLLATE "C" NOT NULL,
    key         varchar(255) COLLATE "C" NOT NULL,
    body_digest digest       NOT NULL,  -- keyed; the request's body is not kept
    status      integer      NOT NULL,
    location    text,
    etag        text,
    body        bytea        NOT NULL,
    created_at  timestamptz  NOT NULL,
    expires_at  timestamptz  NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, caller, route, key),
    CONSTRAINT idempotency_keys_status_check CHECK (status BETWEEN 100 AND 599)
);

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_app ON idempotency_keys TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY idempotency_keys_worker ON idempotency_keys TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON idempotency_keys TO customer_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO customer_worker;
