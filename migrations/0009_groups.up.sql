-- Groups that people edit: what a group is for, the class that price rules know it by, and its edit
-- token. The program before this one writes groups without the new columns, so each has a default.
SET LOCAL lock_timeout = '5s';

ALTER TABLE customer_groups
    ADD COLUMN description    varchar(500),
    ADD COLUMN discount_class varchar(50),
    ADD COLUMN version        bigint      NOT NULL DEFAULT 1,
    ADD COLUMN updated_at     timestamptz NOT NULL DEFAULT now();

-- The few groups that are there have not changed since they were made. The wall stands in the way of
-- the owner too, and is open only inside this transaction, which holds the table.
ALTER TABLE customer_groups NO FORCE ROW LEVEL SECURITY;
UPDATE customer_groups SET updated_at = created_at;
ALTER TABLE customer_groups FORCE ROW LEVEL SECURITY;

GRANT INSERT, UPDATE (name, description, discount_class, version, updated_at), DELETE ON customer_groups TO customer_app;
