SET LOCAL lock_timeout = '5s';

DROP VIEW customer_tiers;
DROP VIEW customer_preferences;
DROP VIEW customer_profiles;
DROP TABLE customer_search_terms;
DROP TABLE customer_identifiers;
DROP DOMAIN identifier_kind;
DROP TABLE customers;
DROP FUNCTION customers_check;
DROP DOMAIN tier, gender, customer_type, account_state, customer_status;
