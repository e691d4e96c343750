-- Tags that staff put on customers. A save deletes those that were taken off.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_tags (
    tenant_id   uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    tag         text COLLATE "C" NOT NULL,
    CONSTRAINT customer_tags_pkey PRIMARY KEY (tenant_id, customer_id, tag)
);
-- The tags of a tenant, each with its customers: read in the order of the tags, skipping from one to the next.
CREATE INDEX customer_tags_tag_idx ON customer_tags (tenant_id, tag, customer_id);

ALTER TABLE customer_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_tags_app ON customer_tags TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_tags TO customer_app;
