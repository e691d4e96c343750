-- Types that several tables have in common. What concerns one column is checked by its domain, and not by the table: a
-- table's CHECK is parsed anew in each execution. A domain is changed by DROP and ADD ... NOT VALID, and never validated,
-- which would block the writers of every table that uses it; for a narrower one, a new domain is made.
SET LOCAL lock_timeout = '5s';

-- 1 customer, 2 API key, 3 this service
CREATE DOMAIN actor_type AS smallint CONSTRAINT actor_type_check CHECK (VALUE BETWEEN 1 AND 3);
-- ISO 4217
CREATE DOMAIN currency AS varchar(3) COLLATE "C" CONSTRAINT currency_check CHECK (VALUE ~ '^[A-Z]{3}$');
-- SHA-256, keyed or not
CREATE DOMAIN digest AS bytea CONSTRAINT digest_check CHECK (octet_length(VALUE) = 32);
