SET LOCAL lock_timeout = '5s';

REVOKE INSERT, UPDATE (name, description, discount_class, version, updated_at), DELETE ON customer_groups FROM customer_app;

ALTER TABLE customer_groups
    DROP COLUMN updated_at,
    DROP COLUMN version,
    DROP COLUMN discount_class,
    DROP COLUMN description;
