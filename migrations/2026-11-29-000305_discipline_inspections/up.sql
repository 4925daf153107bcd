-- Inspections of discipline (kiểm tra kỷ luật, kỷ cương), named by a code of their unit.
CREATE TABLE discipline_inspections (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  code TEXT NOT NULL,
  code_folded TEXT NOT NULL,
  topic TEXT NOT NULL,
  topic_folded TEXT NOT NULL,
  team TEXT,
  notice TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE,
  document_number TEXT,
  document_on DATE,
  conclusion TEXT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (ends_on IS NULL OR starts_on <= ends_on)
);
CREATE UNIQUE INDEX discipline_inspections_key
  ON discipline_inspections (org_unit_id, code_folded) WHERE deleted_at IS NULL;
CREATE INDEX discipline_inspections_by_day ON discipline_inspections (starts_on, id);
CREATE INDEX discipline_inspections_by_province ON discipline_inspections (province_id, starts_on, id);
CREATE INDEX discipline_inspections_by_unit ON discipline_inspections (org_unit_id, starts_on, id);
