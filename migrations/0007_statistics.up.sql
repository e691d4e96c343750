-- What the orders of a customer add up to, per currency.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_statistics (
    tenant_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    currency         varchar(3)    COLLATE "C" NOT NULL,
    total_spent      numeric(18,4) NOT NULL DEFAULT 0,  -- net of refunds
    order_count      bigint        NOT NULL DEFAULT 0,
    lifetime_value   numeric(18,4) NOT NULL DEFAULT 0,
    refunded_total   numeric(18,4) NOT NULL DEFAULT 0,
    first_order_date timestamptz,
    last_order_date  timestamptz,
    updated_at       timestamptz   NOT NULL,
    CONSTRAINT customer_statistics_pkey PRIMARY KEY (tenant_id, customer_id, currency),
    CONSTRAINT customer_statistics_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE customer_statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_statistics FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_statistics_app ON customer_statistics TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_statistics TO customer_app;
