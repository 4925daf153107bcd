-- Answers to requests that carried an Idempotency-Key, sealed, for as long as the request may come
-- again. The digest covers who sent it, the method, the path and the key.
CREATE TABLE idempotency_keys (
  digest TEXT PRIMARY KEY NOT NULL,
  body_digest TEXT NOT NULL,
  answer TEXT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

-- When the system that sends a record last changed it, as its batches say.
CREATE TABLE source_times (
  record_id TEXT PRIMARY KEY NOT NULL,
  source_updated_at BIGINT NOT NULL
);
