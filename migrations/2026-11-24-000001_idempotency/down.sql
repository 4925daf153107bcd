DROP TABLE source_times;
DROP TABLE idempotency_keys;
