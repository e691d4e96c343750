-- API keys. The secret is not kept, only its SHA-256.
SET LOCAL lock_timeout = '5s';

CREATE TABLE api_keys (
    tenant_id    uuid         NOT NULL,
    id           uuid         NOT NULL,
    name         varchar(100) NOT NULL,
    prefix       varchar(32)  NOT NULL,
    digest       digest       NOT NULL,
    -- 1 customers:read, 2 customers:write, 3 customers:admin
    permissions  smallint[]   NOT NULL,
    all_tenants  boolean      NOT NULL,
    created_at   timestamptz  NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_digest_key UNIQUE (tenant_id, digest),
    CONSTRAINT api_keys_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT api_keys_permissions_check CHECK (
        cardinality(permissions) > 0 AND permissions <@ ARRAY[1, 2, 3]::smallint[])
);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
-- A key of all tenants opens every door of the wall, so none can be made from inside it: only operators
-- insert one, and of a stored key only its use and its end can be written.
CREATE POLICY api_keys_app_select ON api_keys FOR SELECT TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY api_keys_app_insert ON api_keys FOR INSERT TO customer_app
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid AND NOT all_tenants);
CREATE POLICY api_keys_app_update ON api_keys FOR UPDATE TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY api_keys_worker ON api_keys TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (last_used_at, revoked_at) ON api_keys TO customer_app;
GRANT SELECT, INSERT, UPDATE ON api_keys TO customer_worker;
