-- What the orders of a customer add up to in other currencies than the tenant's, whose totals the customer's row holds.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customer_statistics (
    tenant_id        uuid          NOT NULL,
    customer_id      uuid          NOT NULL,
    currency         currency      NOT NULL,
    total_spent      numeric(18,4) NOT NULL DEFAULT 0,  -- net of refunds
    order_count      bigint        NOT NULL DEFAULT 0,
    lifetime_value   numeric(18,4) NOT NULL DEFAULT 0,
    refunded_total   numeric(18,4) NOT NULL DEFAULT 0,
    first_order_date timestamptz,
    last_order_date  timestamptz,
    updated_at       timestamptz   NOT NULL,
    CONSTRAINT customer_statistics_pkey PRIMARY KEY (tenant_id, customer_id, currency)
);

ALTER TABLE customer_statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_statistics FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_statistics_app ON customer_statistics TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_statistics TO customer_app;
