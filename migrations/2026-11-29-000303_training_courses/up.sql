-- Courses of training (đào tạo, bồi dưỡng). A count that is null was not taken.
CREATE TABLE training_courses (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  level TEXT,
  title TEXT NOT NULL,
  title_folded TEXT NOT NULL,
  provider TEXT,
  starts_on DATE NOT NULL,
  ends_on DATE,
  document_number TEXT,
  document_on DATE,
  places BIGINT,
  persons_sent BIGINT,
  persons_finished BIGINT,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (ends_on IS NULL OR starts_on <= ends_on)
);
CREATE UNIQUE INDEX training_courses_key
  ON training_courses (org_unit_id, kind, starts_on, title_folded) WHERE deleted_at IS NULL;
CREATE INDEX training_courses_by_day ON training_courses (starts_on, id);
CREATE INDEX training_courses_by_province ON training_courses (province_id, starts_on, id);
CREATE INDEX training_courses_by_unit ON training_courses (org_unit_id, starts_on, id);
