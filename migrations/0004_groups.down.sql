SET LOCAL lock_timeout = '5s';

DROP TABLE customer_groups;
