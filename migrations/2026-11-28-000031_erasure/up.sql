-- The record of which a kept answer tells, so that it goes when that record's personal data are erased.
ALTER TABLE idempotency_keys ADD COLUMN record_id TEXT;
CREATE INDEX idempotency_keys_of_record ON idempotency_keys (record_id) WHERE record_id IS NOT NULL;
