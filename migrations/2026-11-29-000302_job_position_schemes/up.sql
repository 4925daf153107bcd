-- Schemes of job positions (đề án vị trí việc làm).
CREATE TABLE job_position_schemes (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  coverage TEXT NOT NULL,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  dated_on DATE NOT NULL,
  stage TEXT NOT NULL,
  units_covered BIGINT,
  positions BIGINT,
  approver TEXT,
  document_number TEXT,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX job_position_schemes_key
  ON job_position_schemes (org_unit_id, coverage, dated_on, title_folded) WHERE deleted_at IS NULL;
CREATE INDEX job_position_schemes_by_day ON job_position_schemes (dated_on, id);
CREATE INDEX job_position_schemes_by_province ON job_position_schemes (province_id, dated_on, id);
CREATE INDEX job_position_schemes_by_unit ON job_position_schemes (org_unit_id, dated_on, id);
