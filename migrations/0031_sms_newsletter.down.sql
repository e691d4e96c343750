-- Takes back 0030_sms_newsletter.up.sql.
SET LOCAL lock_timeout = '1s';

ALTER TABLE customer_preferences DROP COLUMN sms_newsletter;
