-- Credentials of those who sign in with a password; a guest has no row.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_credentials (
    tenant_id           uuid         NOT NULL,
    customer_id         uuid         NOT NULL,
    password_hash       varchar(512) NOT NULL,
    password_changed_at timestamptz  NOT NULL,
    epoch               bigint       NOT NULL DEFAULT 1,  -- to rise when all sessions of the customer end
    last_login_at       timestamptz,  -- the row of the customer shows a copy
    CONSTRAINT customer_credentials_pkey PRIMARY KEY (tenant_id, customer_id)
);

ALTER TABLE customer_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_credentials FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_credentials_app ON customer_credentials TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_credentials TO customer_app;
