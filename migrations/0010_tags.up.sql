-- no-transaction
-- The tags of a tenant, each with its customers: read in the order of the tags, skipping from one to the next.
-- Built beside the traffic. Should it be interrupted, migrating again drops what is there, and builds it anew.
CREATE INDEX CONCURRENTLY customer_tags_tag_idx ON customer_tags (tenant_id, tag, customer_id);
