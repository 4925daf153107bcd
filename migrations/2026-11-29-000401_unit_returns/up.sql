-- Returns: what units state for a period, all forms in one table; the columns of a form are JSON.
CREATE TABLE unit_returns (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  period_id TEXT NOT NULL REFERENCES periods (id),
  form TEXT NOT NULL,
  line TEXT NOT NULL,
  nil BOOLEAN NOT NULL,
  figures TEXT NOT NULL,
  covers_from DATE,
  covers_to DATE,
  source_note TEXT,
  state TEXT NOT NULL,
  edited_by TEXT NOT NULL,
  filed_by TEXT,
  submitted_at BIGINT,
  reviewed_by TEXT,
  reviewed_at BIGINT,
  review_reason TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX unit_returns_key
  ON unit_returns (form, period_id, org_unit_id, line) WHERE deleted_at IS NULL;
CREATE INDEX unit_returns_by_time ON unit_returns (form, created_at, id);
CREATE INDEX unit_returns_by_province ON unit_returns (form, province_id, created_at, id);
CREATE INDEX unit_returns_by_unit ON unit_returns (form, org_unit_id, created_at, id);
CREATE INDEX unit_returns_by_period ON unit_returns (form, period_id, created_at, id);
CREATE INDEX unit_returns_by_state ON unit_returns (form, state, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX unit_returns_of_period ON unit_returns (period_id);
CREATE INDEX unit_returns_of_unit ON unit_returns (org_unit_id);
CREATE INDEX unit_returns_of_province ON unit_returns (province_id);
