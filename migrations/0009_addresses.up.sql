-- Address books. A deleted address stays for the orders that name it, with its legacy id and without
-- its roles. A default belongs to a role, not to an address: one partial unique index for each, so that
-- no two addresses of a customer can hold it, whatever runs in parallel.
SET LOCAL lock_timeout = '5s';

-- 1 shipping, 2 billing, 3 both
CREATE DOMAIN address_type AS smallint CONSTRAINT address_type_check CHECK (VALUE BETWEEN 1 AND 3);

-- A default is not deleted, and of a type that covers the role.
CREATE FUNCTION customer_addresses_check(type address_type, default_shipping boolean, default_billing boolean,
    deleted_at timestamptz) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN (NOT default_shipping OR (type <> 2 AND deleted_at IS NULL))
        AND (NOT default_billing OR (type <> 1 AND deleted_at IS NULL));
END
$$;

CREATE TABLE customer_addresses (
    tenant_id        uuid         NOT NULL,
    customer_id      uuid         NOT NULL,
    id               uuid         NOT NULL,
    type             address_type NOT NULL,
    default_shipping boolean      NOT NULL,
    default_billing  boolean      NOT NULL,
    first_name       varchar(100),
    last_name        varchar(100),
    company          varchar(255),
    address_line_1   varchar(255) NOT NULL,
    address_line_2   varchar(255),
    city             varchar(100),
    state_province   varchar(100),
    postal_code      varchar(20),
    country_code     varchar(2)   COLLATE "C" NOT NULL,
    phone            varchar(40),  -- as written
    label            varchar(50),
    is_verified      boolean      NOT NULL,
    metadata         jsonb        NOT NULL,
    legacy_id        bigint,
    digest           digest       NOT NULL,  -- keyed, over type and normalised place: equal addresses have one
    version          bigint       NOT NULL,  -- the edit token
    created_at       timestamptz  NOT NULL,
    updated_at       timestamptz  NOT NULL,
    deleted_at       timestamptz,
    CONSTRAINT customer_addresses_pkey PRIMARY KEY (tenant_id, customer_id, id),
    CONSTRAINT customer_addresses_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_addresses_check CHECK (
        customer_addresses_check(type, default_shipping, default_billing, deleted_at))
);
CREATE UNIQUE INDEX customer_addresses_shipping_key ON customer_addresses (tenant_id, customer_id)
    WHERE default_shipping AND deleted_at IS NULL;
CREATE UNIQUE INDEX customer_addresses_billing_key ON customer_addresses (tenant_id, customer_id)
    WHERE default_billing AND deleted_at IS NULL;
CREATE UNIQUE INDEX customer_addresses_legacy_key ON customer_addresses (tenant_id, legacy_id)
    WHERE legacy_id IS NOT NULL;
-- Finds the live addresses of a customer too.
CREATE UNIQUE INDEX customer_addresses_digest_key ON customer_addresses (tenant_id, customer_id, digest)
    WHERE deleted_at IS NULL;

ALTER TABLE customer_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_addresses FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_addresses_app ON customer_addresses TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_addresses TO customer_app;
