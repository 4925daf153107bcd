DROP INDEX idempotency_keys_of_record;
ALTER TABLE idempotency_keys DROP COLUMN record_id;
