-- Decisions about those who serve (quyết định về nhân sự), one by one or in groups that were counted together. Of a group
-- number and position are empty.
CREATE TABLE personnel_decisions (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  category TEXT NOT NULL,
  sector TEXT NOT NULL,
  stage TEXT NOT NULL,
  position_title TEXT,
  position_folded TEXT NOT NULL,
  cases BIGINT NOT NULL,
  covers_from DATE NOT NULL,
  covers_to DATE NOT NULL,
  document_number TEXT,
  number_key TEXT NOT NULL,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (covers_from <= covers_to)
);
CREATE UNIQUE INDEX personnel_decisions_key
  ON personnel_decisions (org_unit_id, covers_from, covers_to, kind, category, sector, stage, number_key, position_folded) WHERE deleted_at IS NULL;
CREATE INDEX personnel_decisions_by_day ON personnel_decisions (covers_from, id);
CREATE INDEX personnel_decisions_by_province ON personnel_decisions (province_id, covers_from, id);
CREATE INDEX personnel_decisions_by_unit ON personnel_decisions (org_unit_id, covers_from, id);
