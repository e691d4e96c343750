-- Tenants: the shops. Few, and never deleted. On distributed PostgreSQL this is a reference table.
--
-- updated_at is written by the service, here and in every table: no triggers.
SET LOCAL lock_timeout = '5s';

CREATE TABLE tenants (
    id         uuid         NOT NULL,
    slug       varchar(64)  COLLATE "C" NOT NULL,
    name       varchar(200) NOT NULL,
    settings   jsonb        NOT NULL,  -- {"currency": ISO 4217, "country": ISO 3166-1 alpha-2}
    version    bigint       NOT NULL,
    created_at timestamptz  NOT NULL,
    updated_at timestamptz  NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenants_slug_key UNIQUE (slug),
    CONSTRAINT tenants_settings_check CHECK (
        coalesce(settings ->> 'currency' ~ '^[A-Z]{3}$' AND settings ->> 'country' ~ '^[A-Z]{2}$', false))
);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenants_app ON tenants TO customer_app
    USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY tenants_worker ON tenants TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO customer_app;
GRANT SELECT, INSERT, UPDATE ON tenants TO customer_worker;
