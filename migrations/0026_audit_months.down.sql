SET LOCAL lock_timeout = '5s';

DROP FUNCTION audit_make_month(date), audit_drop_month(date);
