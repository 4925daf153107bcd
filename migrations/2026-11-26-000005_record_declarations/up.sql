-- From which day on every dossier of a unit is kept as a record (công bố dữ liệu hồ sơ đầy đủ): one
-- standing declaration for each unit.
CREATE TABLE record_declarations (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  records_complete_since DATE NOT NULL,
  document_number TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX record_declarations_key ON record_declarations (org_unit_id) WHERE deleted_at IS NULL;
CREATE INDEX record_declarations_by_day
  ON record_declarations (records_complete_since, id) WHERE deleted_at IS NULL;
CREATE INDEX record_declarations_by_province
  ON record_declarations (province_id, records_complete_since, id) WHERE deleted_at IS NULL;
