-- Customers. A customer is one row, with its profile, preferences, tier and totals: reading one touches no other table.
-- Every key begins with the tenant; every table below a customer has the key (tenant_id, customer_id, ...).
--
-- customers.tenant_id has no foreign key: it would lock the one row of the tenant in every insert. Tenants are never
-- deleted, and row-level security admits only a tenant that a context names. Identifiers and search terms have none to
-- their customer, with whom they are written: it would be checked for each of them, and customers are never deleted.
SET LOCAL lock_timeout = '5s';

-- 1 pending, 2 active, 3 inactive, 4 suspended, 5 deleted
CREATE DOMAIN customer_status AS smallint CONSTRAINT customer_status_check CHECK (VALUE BETWEEN 1 AND 5);
-- 1 guest, 2 invited, 3 registered
CREATE DOMAIN account_state AS smallint CONSTRAINT account_state_check CHECK (VALUE BETWEEN 1 AND 3);
-- 1 individual, 2 business
CREATE DOMAIN customer_type AS smallint CONSTRAINT customer_type_check CHECK (VALUE BETWEEN 1 AND 2);
-- 1 male, 2 female, 3 other, 4 prefer not to say
CREATE DOMAIN gender AS smallint CONSTRAINT gender_check CHECK (VALUE BETWEEN 1 AND 4);
-- 1 regular, 2 premium, 3 vip, 4 enterprise
CREATE DOMAIN tier AS smallint CONSTRAINT tier_check CHECK (VALUE BETWEEN 1 AND 4);

-- What holds across the columns of a customer. The check of a table is parsed anew by every statement that writes it, the
-- body of a function once for each connection.
CREATE FUNCTION customers_check(status customer_status, email varchar, phone varchar, phone_key varchar, group_id varchar,
    former jsonb, deleted_at timestamptz, erased_at timestamptz) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN (email IS NULL) = (erased_at IS NOT NULL)
        AND (phone IS NULL) = (phone_key IS NULL)
        AND (erased_at IS NULL OR deleted_at IS NOT NULL)
        AND CASE WHEN status = 5 THEN deleted_at IS NOT NULL AND group_id IS NULL
            ELSE deleted_at IS NULL AND former IS NULL END;
END
$$;

-- Columns of a fixed size that always have a value come first: they are found without looking at those before them.
CREATE TABLE customers (
    tenant_id           uuid            NOT NULL,
    id                  uuid            NOT NULL,
    version             bigint          NOT NULL,  -- the edit token
    event_seq           bigint          NOT NULL,  -- the order of its events
    revision            bigint          NOT NULL DEFAULT 1,  -- rises with every change of the row
    registration_date   timestamptz     NOT NULL,
    created_at          timestamptz     NOT NULL,
    updated_at          timestamptz     NOT NULL,
    tier_achieved_at    timestamptz     NOT NULL,
    segment_achieved_at timestamptz     NOT NULL,
    loyalty_points      bigint          NOT NULL,
    order_count         bigint          NOT NULL,
    status              customer_status NOT NULL,
    account_state       account_state   NOT NULL,
    customer_type       customer_type   NOT NULL,
    tier                tier            NOT NULL,
    email_verified      boolean         NOT NULL,
    phone_verified      boolean         NOT NULL,
    email_marketing     boolean         NOT NULL,
    sms_marketing       boolean         NOT NULL,
    push_notifications  boolean         NOT NULL,
    order_updates       boolean         NOT NULL,
    promotional_emails  boolean         NOT NULL,
    newsletter          boolean         NOT NULL,
    data_sharing        boolean         NOT NULL,
    analytics_tracking  boolean         NOT NULL,
    cookie_consent      boolean         NOT NULL,
    -- What the orders add up to in the tenant's currency, net of refunds.
    total_currency      currency        NOT NULL,
    total_spent         numeric(18,4)   NOT NULL,
    lifetime_value      numeric(18,4)   NOT NULL,
    refunded_total      numeric(18,4)   NOT NULL DEFAULT 0,
    segment             varchar(50)     NOT NULL,  -- slug of the primary segment
    -- Folded, for sorting: uniqueness lives in customer_identifiers.
    email_key           varchar(255)    COLLATE "C" NOT NULL,
    last_name_key       varchar(100)    COLLATE "C" NOT NULL,
    -- The rules that made the keys and the terms: their number in the program, and the tenant's country.
    key_rules           varchar(8)      COLLATE "C" NOT NULL,
    -- The rows of customer_tags and customer_search_terms, written by the same statement.
    tags                text[]          COLLATE "C" NOT NULL,
    terms               text[]          COLLATE "C" NOT NULL,
    metadata            jsonb           NOT NULL,
    custom_preferences  jsonb           NOT NULL,
    profile_data        jsonb           NOT NULL,
    external_ids        jsonb           NOT NULL,  -- by system
    legacy_id           bigint,
    group_id            varchar(50)     COLLATE "C",
    email               varchar(255),  -- as typed; none once erased
    first_name          varchar(100),
    last_name           varchar(100),
    phone               varchar(40),  -- as written
    phone_key           varchar(40)     COLLATE "C",  -- country code and national number, else the digits
    date_of_birth       date,
    gender              gender,
    avatar_url          varchar(500),
    language            varchar(35),
    currency            varchar(3),
    timezone            varchar(64),
    registration_source varchar(50),
    first_order_date    timestamptz,
    last_order_date     timestamptz,
    last_login_at       timestamptz,
    deleted_at          timestamptz,
    erased_at           timestamptz,
    merged_into         uuid,
    former              jsonb,  -- what a deleted customer left and has again once reactivated: its group
    -- The newest key that seals what is kept about the customer: its id, and the key, wrapped under one of the tenant.
    sealing_key         bytea,
    CONSTRAINT customers_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT customers_group_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES customer_groups (tenant_id, id),
    CONSTRAINT customers_merged_into_fkey FOREIGN KEY (tenant_id, merged_into) REFERENCES customers (tenant_id, id),
    CONSTRAINT customers_check CHECK (
        customers_check(status, email, phone, phone_key, group_id, former, deleted_at, erased_at))
-- Every event moves event_seq, which no index holds: room for that update on the same page.
) WITH (fillfactor = 85);

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
-- The customers with a phone number.
CREATE INDEX customers_phone_idx ON customers (tenant_id, phone_key) WHERE phone_key IS NOT NULL;

ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
CREATE POLICY customers_app ON customers TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON customers TO customer_app;

-- By what a customer is known beside its id, and where that is unique among those that are not deleted: these give up
-- theirs. The kinds are `email`, `legacy` and `external:<system>`. Uniqueness has one index per kind, so that the index's
-- name says what is taken; a new kind therefore needs its index and its place in the domain.
CREATE DOMAIN identifier_kind AS text COLLATE "C"
    CONSTRAINT identifier_kind_check CHECK (VALUE IN ('email', 'legacy') OR VALUE LIKE 'external:_%');

CREATE TABLE customer_identifiers (
    tenant_id   uuid            NOT NULL,
    customer_id uuid            NOT NULL,
    kind        identifier_kind NOT NULL,
    value       text            COLLATE "C" NOT NULL,
    given_up_at timestamptz,  -- when its customer was deleted
    CONSTRAINT customer_identifiers_pkey PRIMARY KEY (tenant_id, customer_id, kind)
);
CREATE UNIQUE INDEX customer_identifiers_email_key ON customer_identifiers (tenant_id, value)
    WHERE kind = 'email' AND given_up_at IS NULL;
CREATE UNIQUE INDEX customer_identifiers_legacy_key ON customer_identifiers (tenant_id, value)
    WHERE kind = 'legacy' AND given_up_at IS NULL;
CREATE UNIQUE INDEX customer_identifiers_external_key ON customer_identifiers (tenant_id, kind, value)
    WHERE kind LIKE 'external:_%' AND given_up_at IS NULL;
-- Who gave a value up last.
CREATE INDEX customer_identifiers_given_up_idx ON customer_identifiers (tenant_id, kind, value, given_up_at)
    WHERE given_up_at IS NOT NULL;

ALTER TABLE customer_identifiers ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_identifiers FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_identifiers_app ON customer_identifiers TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_identifiers TO customer_app;

-- The folded words of e-mail address and names and the key of the phone from either end: search is a range
-- over them, because under a policy only leakproof operators reach an index.
CREATE TABLE customer_search_terms (
    tenant_id   uuid        NOT NULL,
    term        text COLLATE "C" NOT NULL,
    customer_id uuid        NOT NULL,
    CONSTRAINT customer_search_terms_pkey PRIMARY KEY (tenant_id, term, customer_id)
);
-- Whether a customer has a term: asked of each customer that a list with a common word comes by.
CREATE INDEX customer_search_terms_of_customer_idx ON customer_search_terms (tenant_id, customer_id, term);

ALTER TABLE customer_search_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_search_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY customer_search_terms_app ON customer_search_terms TO customer_app
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON customer_search_terms TO customer_app;

-- The row in parts, by the names of the source documents, for people who read with SQL.
CREATE VIEW customer_profiles WITH (security_invoker = true) AS
    SELECT tenant_id, id AS customer_id, phone, phone_verified, date_of_birth, gender, avatar_url, profile_data, metadata,
        created_at, updated_at
    FROM customers;
CREATE VIEW customer_preferences WITH (security_invoker = true) AS
    SELECT tenant_id, id AS customer_id, language, currency, timezone, email_marketing, sms_marketing, push_notifications,
        order_updates, promotional_emails, newsletter, data_sharing, analytics_tracking, cookie_consent,
        custom_preferences, created_at, updated_at
    FROM customers;
CREATE VIEW customer_tiers WITH (security_invoker = true) AS
    SELECT tenant_id, id AS customer_id, tier, segment, loyalty_points, tier_achieved_at, segment_achieved_at, updated_at
    FROM customers;
GRANT SELECT ON customer_profiles, customer_preferences, customer_tiers TO customer_app;
