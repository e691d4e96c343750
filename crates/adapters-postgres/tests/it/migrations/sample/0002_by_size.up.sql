-- no-transaction
CREATE INDEX CONCURRENTLY sample_by_size ON sample (size);
