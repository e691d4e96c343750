SET LOCAL lock_timeout = '5s';

DROP TABLE customer_addresses;
DROP FUNCTION customer_addresses_check;
DROP DOMAIN address_type;
