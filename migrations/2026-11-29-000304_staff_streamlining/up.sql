-- Rounds of streamlining of staff (tinh giản biên chế), each as far as it is.
CREATE TABLE staff_streamlining (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  year BIGINT NOT NULL,
  round BIGINT NOT NULL,
  stage TEXT NOT NULL,
  stage_on DATE NOT NULL,
  cases BIGINT NOT NULL,
  amount_vnd BIGINT,
  document_number TEXT,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX staff_streamlining_key
  ON staff_streamlining (org_unit_id, year, round) WHERE deleted_at IS NULL;
CREATE INDEX staff_streamlining_by_day ON staff_streamlining (stage_on, id);
CREATE INDEX staff_streamlining_by_province ON staff_streamlining (province_id, stage_on, id);
CREATE INDEX staff_streamlining_by_unit ON staff_streamlining (org_unit_id, stage_on, id);
