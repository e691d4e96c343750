SET LOCAL lock_timeout = '5s';

DROP TABLE customer_addresses;
DROP DOMAIN address_type;
