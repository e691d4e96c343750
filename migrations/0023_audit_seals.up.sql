-- Seals on the audit trail. They are about all tenants, and hold nothing of any.
SET LOCAL lock_timeout = '5s';

CREATE TABLE audit_seals (
    number              bigint      NOT NULL,
    month               date        NOT NULL,
    kind                smallint    NOT NULL,  -- 1 entries, 2 the month was dropped
    first_transaction   xid8,
    first_id            uuid,
    last_transaction    xid8,
    last_id             uuid,
    digests             bytea       NOT NULL,  -- of the entries, 32 bytes each
    through_transaction xid8,
    through_id          uuid,
    previous            bytea       NOT NULL,
    sealed_at           timestamptz NOT NULL,
    digest              bytea       NOT NULL,
    public_key          bytea       NOT NULL,
    signature           bytea       NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (number),
    CONSTRAINT audit_seals_number_check CHECK (number > 0),
    CONSTRAINT audit_seals_kind_check CHECK (kind IN (1, 2))
);
CREATE INDEX audit_seals_dropped_idx ON audit_seals (month) WHERE kind = 2;

ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_seals_worker ON audit_seals TO customer_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_seals TO customer_worker;
