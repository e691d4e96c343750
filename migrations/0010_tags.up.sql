-- no-transaction
-- The tags of a tenant, each with its customers: read in the order of the tags, skipping from one to the next.
-- Built beside the traffic. Should it fail, it leaves an index behind that is marked invalid: drop that,
-- and migrate again.
CREATE INDEX CONCURRENTLY customer_tags_tag_idx ON customer_tags (tenant_id, tag, customer_id);
