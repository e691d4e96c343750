SET LOCAL lock_timeout = '5s';

CREATE TABLE sample (name text, size integer);
