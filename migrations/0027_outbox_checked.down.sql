-- What was looked at stays looked at; the constraint goes with its column.
SET LOCAL lock_timeout = '5s';
