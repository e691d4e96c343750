SET LOCAL lock_timeout = '5s';

DROP TABLE customer_search_terms;
DROP TABLE customer_identifiers;
DROP TABLE customer_tiers;
DROP TABLE customer_preferences;
DROP TABLE customer_profiles;
DROP TABLE customers;
