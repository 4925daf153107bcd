-- Public holidays and make-up working days: what is not here is a working day from Monday to Friday.
CREATE TABLE holidays (
  id TEXT PRIMARY KEY NOT NULL,
  day DATE NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  source TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX holidays_key ON holidays (day) WHERE deleted_at IS NULL;
CREATE INDEX holidays_by_day ON holidays (day, id);
