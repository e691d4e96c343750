-- The keys that values are sealed with. A tenant's are wrapped under a master key that only the key store has, a
-- customer's under their tenant's. Older ones stay, since every sealed value names the key that it was sealed with: a
-- customer's newest key is in its row, the older ones are here.
SET LOCAL lock_timeout = '5s';

CREATE TABLE tenant_keys (
    tenant_id  uuid        NOT NULL,
    -- From 1; the highest that is not lost is in use. That two make the same one is what keeps a tenant from getting two.
    number     integer     NOT NULL,
    id         uuid        NOT NULL,
    master     text        NOT NULL,  -- the name of the master key
    wrapped    bytea       NOT NULL,
    is_lost    boolean     NOT NULL DEFAULT false,  -- nobody has the master key any more
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_keys_pkey PRIMARY KEY (tenant_id, number),
    CONSTRAINT tenant_keys_id_key UNIQUE (tenant_id, id)
);

ALTER TABLE tenant_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_keys_worker ON tenant_keys TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (is_lost) ON tenant_keys TO customer_worker;

CREATE TABLE customer_keys (
    tenant_id   uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    id          uuid        NOT NULL,
    wrapped     bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_keys_pkey PRIMARY KEY (tenant_id, customer_id, id)
);

ALTER TABLE customer_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_keys_app ON customer_keys TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT ON customer_keys TO customer_app;

-- What tells whether a process has the root secret that the data was written with: one row. Whether it has the master
-- keys, the keys of the tenants tell.
CREATE TABLE installation (
    is_only     boolean NOT NULL DEFAULT true,
    root_digest digest  NOT NULL,  -- keyed with the root secret
    CONSTRAINT installation_pkey PRIMARY KEY (is_only),
    CONSTRAINT installation_only_check CHECK (is_only)
);

ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
ALTER TABLE installation FORCE ROW LEVEL SECURITY;
CREATE POLICY installation_worker ON installation TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON installation TO customer_worker;
