-- Groups of customers: what a group is for, and the class that price rules know it by.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_groups (
    tenant_id      uuid         NOT NULL,
    id             varchar(50)  COLLATE "C" NOT NULL,
    name           varchar(100) NOT NULL,
    description    varchar(500),
    discount_class varchar(50),
    version        bigint       NOT NULL,  -- the edit token
    created_at     timestamptz  NOT NULL,
    updated_at     timestamptz  NOT NULL,
    CONSTRAINT customer_groups_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customer_groups_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

ALTER TABLE customer_groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_groups FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_groups_app ON customer_groups TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY customer_groups_worker ON customer_groups TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (name, description, discount_class, version, updated_at), DELETE ON customer_groups TO customer_app;
GRANT SELECT, INSERT ON customer_groups TO customer_worker;
