-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS customers_status_email_key_idx;
