-- Customers, and what lies below one. Every key begins with the tenant; every table below a customer
-- has the key (tenant_id, customer_id, ...) and a composite foreign key, so that the database itself
-- refuses a link across tenants and one customer's rows lie together.
--
-- customers.tenant_id has no foreign key: it would lock the one row of the tenant in every insert.
-- Tenants are never deleted, and row-level security admits only a tenant that a context names.
SET LOCAL lock_timeout = '5s';

CREATE TABLE customers (
    tenant_id           uuid         NOT NULL,
    id                  uuid         NOT NULL,
    -- 1 pending, 2 active, 3 inactive, 4 suspended, 5 deleted
    status              smallint     NOT NULL,
    -- 1 guest, 2 invited, 3 registered
    account_state       smallint     NOT NULL,
    -- 1 individual, 2 business
    customer_type       smallint     NOT NULL,
    group_id            varchar(50)  COLLATE "C",
    first_name          varchar(100),
    last_name           varchar(100),
    email               varchar(255),  -- as typed; none once erased
    email_verified      boolean      NOT NULL,
    -- Folded, for sorting: uniqueness lives in customer_identifiers.
    email_key           varchar(255) COLLATE "C" NOT NULL,
    last_name_key       varchar(100) COLLATE "C" NOT NULL,
    registration_source varchar(50),
    metadata            jsonb        NOT NULL,
    version             bigint       NOT NULL,  -- the edit token
    event_seq           bigint       NOT NULL,  -- the order of its events
    registration_date   timestamptz  NOT NULL,
    last_login_at       timestamptz,
    created_at          timestamptz  NOT NULL,
    updated_at          timestamptz  NOT NULL,
    deleted_at          timestamptz,
    erased_at           timestamptz,
    merged_into         uuid,
    CONSTRAINT customers_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES customer_groups (tenant_id, id),
    CONSTRAINT customers_merged_into_fkey FOREIGN KEY (tenant_id, merged_into) REFERENCES customers (tenant_id, id),
    CONSTRAINT customers_status_check CHECK (status BETWEEN 1 AND 5),
    CONSTRAINT customers_account_state_check CHECK (account_state BETWEEN 1 AND 3),
    CONSTRAINT customers_type_check CHECK (customer_type BETWEEN 1 AND 2),
    CONSTRAINT customers_email_check CHECK ((email IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT customers_deleted_check CHECK ((status = 5) = (deleted_at IS NOT NULL)),
    CONSTRAINT customers_erased_check CHECK (erased_at IS NULL OR deleted_at IS NOT NULL)
-- Every event moves event_seq, which no index holds: room for that update on the same page.
) WITH (fillfactor = 90);

-- One index per list order. Lists show the deleted only by status.
CREATE INDEX customers_created_at_idx ON customers (tenant_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_updated_at_idx ON customers (tenant_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_registration_date_idx ON customers (tenant_id, registration_date, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_email_key_idx ON customers (tenant_id, email_key, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_last_name_key_idx ON customers (tenant_id, last_name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_status_idx ON customers (tenant_id, status, created_at, id);
-- The statuses that few customers have, for the other orders. The active are found along the index of the order itself.
CREATE INDEX customers_status_updated_at_idx ON customers (tenant_id, status, updated_at, id)
    WHERE status <> 2 AND erased_at IS NULL;
CREATE INDEX customers_status_registration_date_idx ON customers (tenant_id, status, registration_date, id)
    WHERE status <> 2 AND erased_at IS NULL;
CREATE INDEX customers_status_email_key_idx ON customers (tenant_id, status, email_key, id)
    WHERE status <> 2 AND erased_at IS NULL;
CREATE INDEX customers_status_last_name_key_idx ON customers (tenant_id, status, last_name_key, id)
    WHERE status <> 2 AND erased_at IS NULL;
CREATE INDEX customers_type_idx ON customers (tenant_id, customer_type, created_at, id)
    WHERE deleted_at IS NULL;
-- Lists of a group, whose totals the index alone counts; and whether a group that is to be deleted has a customer, which
-- the foreign key asks.
CREATE INDEX customers_group_created_idx ON customers (tenant_id, group_id, created_at, id)
    INCLUDE (deleted_at)
    WHERE group_id IS NOT NULL;

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY customers_app ON customers TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customers TO customer_app;

CREATE TABLE customer_profiles (
    tenant_id      uuid        NOT NULL,
    customer_id    uuid        NOT NULL,
    phone          varchar(20),  -- as written
    phone_digits   varchar(20) COLLATE "C",
    phone_verified boolean     NOT NULL,
    date_of_birth  date,
    -- 1 male, 2 female, 3 other, 4 prefer not to say
    gender         smallint,
    avatar_url     varchar(500),
    profile_data   jsonb       NOT NULL DEFAULT '{}',
    metadata       jsonb       NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT customer_profiles_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_profiles_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_profiles_gender_check CHECK (gender BETWEEN 1 AND 4),
    CONSTRAINT customer_profiles_phone_check CHECK ((phone IS NULL) = (phone_digits IS NULL))
);
CREATE INDEX customer_profiles_phone_idx ON customer_profiles (tenant_id, phone_digits) WHERE phone_digits IS NOT NULL;

ALTER TABLE customer_profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_profiles FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_profiles_app ON customer_profiles TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_profiles TO customer_app;

CREATE TABLE customer_preferences (
    tenant_id          uuid    NOT NULL,
    customer_id        uuid    NOT NULL,
    language           varchar(35),
    currency           varchar(3),
    timezone           varchar(64),
    email_marketing    boolean NOT NULL DEFAULT false,
    sms_marketing      boolean NOT NULL DEFAULT false,
    push_notifications boolean NOT NULL DEFAULT false,
    order_updates      boolean NOT NULL DEFAULT false,
    promotional_emails boolean NOT NULL DEFAULT false,
    newsletter         boolean NOT NULL DEFAULT false,
    data_sharing       boolean NOT NULL DEFAULT false,
    analytics_tracking boolean NOT NULL DEFAULT false,
    cookie_consent     boolean NOT NULL DEFAULT false,
    custom_preferences jsonb   NOT NULL DEFAULT '{}',
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT customer_preferences_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_preferences_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE customer_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_preferences_app ON customer_preferences TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_preferences TO customer_app;

CREATE TABLE customer_tiers (
    tenant_id           uuid        NOT NULL,
    customer_id         uuid        NOT NULL,
    -- 1 regular, 2 premium, 3 vip, 4 enterprise
    tier                smallint    NOT NULL,
    segment             varchar(50) NOT NULL,  -- slug of the primary segment
    loyalty_points      bigint      NOT NULL DEFAULT 0,
    tier_achieved_at    timestamptz NOT NULL,
    segment_achieved_at timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT customer_tiers_pkey PRIMARY KEY (tenant_id, customer_id),
    CONSTRAINT customer_tiers_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_tiers_tier_check CHECK (tier BETWEEN 1 AND 4)
);

ALTER TABLE customer_tiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_tiers FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_tiers_app ON customer_tiers TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customer_tiers TO customer_app;

-- By what a customer is known beside its id, and where that is unique. The kinds are `email`,
-- `legacy` and `external:<system>`. Uniqueness has one index per kind, so that the index's name says
-- what is taken; a new kind therefore needs its index and its place in the CHECK.
CREATE TABLE customer_identifiers (
    tenant_id   uuid         NOT NULL,
    customer_id uuid         NOT NULL,
    kind        varchar(59)  COLLATE "C" NOT NULL,
    value       varchar(255) COLLATE "C" NOT NULL,
    CONSTRAINT customer_identifiers_pkey PRIMARY KEY (tenant_id, customer_id, kind),
    CONSTRAINT customer_identifiers_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT customer_identifiers_kind_check CHECK (kind IN ('email', 'legacy') OR kind LIKE 'external:_%')
);
CREATE UNIQUE INDEX customer_identifiers_email_key ON customer_identifiers (tenant_id, value) WHERE kind = 'email';
CREATE UNIQUE INDEX customer_identifiers_legacy_key ON customer_identifiers (tenant_id, value) WHERE kind = 'legacy';
CREATE UNIQUE INDEX customer_identifiers_external_key ON customer_identifiers (tenant_id, kind, value) WHERE kind LIKE 'external:_%';

ALTER TABLE customer_identifiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_identifiers FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_identifiers_app ON customer_identifiers TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_identifiers TO customer_app;

-- The folded words of e-mail address and names and the digits of the phone: search is a range over
-- them, because under a policy only leakproof operators reach an index.
CREATE TABLE customer_search_terms (
    tenant_id   uuid        NOT NULL,
    term        varchar(64) COLLATE "C" NOT NULL,
    customer_id uuid        NOT NULL,
    CONSTRAINT customer_search_terms_pkey PRIMARY KEY (tenant_id, term, customer_id),
    CONSTRAINT customer_search_terms_customer_fkey FOREIGN KEY (tenant_id, customer_id)
        REFERENCES customers (tenant_id, id) ON DELETE CASCADE
);
-- Whether a customer has a term: asked of each customer that a list with a common word comes by.
CREATE INDEX customer_search_terms_of_customer_idx ON customer_search_terms (tenant_id, customer_id, term);

ALTER TABLE customer_search_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_search_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_search_terms_app ON customer_search_terms TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_search_terms TO customer_app;
