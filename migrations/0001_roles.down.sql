-- The roles stay: they belong to the cluster, and other databases of it may use them.
SET LOCAL lock_timeout = '5s';

REVOKE USAGE ON SCHEMA public FROM customer_app, customer_worker;
