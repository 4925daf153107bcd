CREATE TABLE procedure_fields (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  source TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX procedure_fields_key ON procedure_fields (name) WHERE deleted_at IS NULL;
CREATE INDEX procedure_fields_by_name ON procedure_fields (name_folded, id);

CREATE TABLE procedures (
  id TEXT PRIMARY KEY NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX procedures_key ON procedures (code) WHERE deleted_at IS NULL;
CREATE INDEX procedures_by_code ON procedures (code, id);

CREATE TABLE procedure_versions (
  id TEXT PRIMARY KEY NOT NULL,
  procedure_id TEXT NOT NULL REFERENCES procedures (id),
  valid_from DATE NOT NULL,
  valid_from_certainty TEXT NOT NULL,
  valid_to DATE NOT NULL,
  valid_to_certainty TEXT NOT NULL,
  speaks_from DATE NOT NULL,
  speaks_to DATE NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  field_id TEXT REFERENCES procedure_fields (id),
  level TEXT NOT NULL,
  service_level TEXT NOT NULL,
  deadlines TEXT NOT NULL,
  deadline_text TEXT,
  fees TEXT NOT NULL,
  papers TEXT NOT NULL,
  authority TEXT,
  announcing_decision TEXT,
  source TEXT,
  note TEXT,
  CHECK (valid_from < valid_to),
  CHECK (speaks_from < speaks_to)
);
CREATE UNIQUE INDEX procedure_versions_of_procedure ON procedure_versions (procedure_id, valid_from);
CREATE INDEX procedure_versions_by_name ON procedure_versions (name_folded, procedure_id);
CREATE INDEX procedure_versions_by_field ON procedure_versions (field_id);
