CREATE TABLE period_closures (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  period_id TEXT NOT NULL REFERENCES periods (id),
  scope TEXT NOT NULL,
  number BIGINT NOT NULL,
  as_of DATE NOT NULL,
  state TEXT NOT NULL,
  note TEXT,
  closed_by TEXT NOT NULL,
  closed_at BIGINT NOT NULL,
  reopenings TEXT NOT NULL,
  superseded_by TEXT,
  version BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX period_closures_key ON period_closures (period_id, org_unit_id, number);
CREATE UNIQUE INDEX period_closures_standing
  ON period_closures (period_id, org_unit_id) WHERE superseded_by IS NULL;
CREATE INDEX period_closures_by_time ON period_closures (closed_at, id);
CREATE INDEX period_closures_by_province ON period_closures (province_id, closed_at, id);
CREATE INDEX period_closures_by_unit ON period_closures (org_unit_id, closed_at, id);

CREATE TABLE period_snapshots (
  closure_id TEXT NOT NULL REFERENCES period_closures (id),
  form TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  figures_digest TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (closure_id, form, definition, scope)
);
