-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_status_registration_date_idx;
