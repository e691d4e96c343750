-- Customers may agree to a newsletter by text message. Adding a column with a constant default does not
-- rewrite the table.
SET LOCAL lock_timeout = '1s';

ALTER TABLE customer_preferences ADD COLUMN sms_newsletter boolean NOT NULL DEFAULT false;
