-- What was sealed with these keys can never be read again.
SET LOCAL lock_timeout = '5s';

DROP TABLE installation;
DROP TABLE customer_keys;
DROP TABLE tenant_keys;
