-- no-transaction
CREATE INDEX CONCURRENTLY sample_by_name ON sample (name);
