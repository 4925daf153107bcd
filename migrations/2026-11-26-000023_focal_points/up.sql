-- Who in a unit is charged with the control of procedures (cán bộ đầu mối): the position and how many hold it,
-- never who.
CREATE TABLE focal_points (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  duty TEXT NOT NULL,
  position_title TEXT NOT NULL,
  position_folded TEXT NOT NULL,
  headcount BIGINT NOT NULL,
  office_phone TEXT,
  decision_number TEXT,
  decided_on DATE,
  valid_from DATE NOT NULL,
  valid_to DATE,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (valid_to IS NULL OR valid_from < valid_to)
);
CREATE UNIQUE INDEX focal_points_key
  ON focal_points (org_unit_id, duty, position_folded, valid_from) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX focal_points_standing
  ON focal_points (org_unit_id, duty, position_folded) WHERE deleted_at IS NULL AND valid_to IS NULL;
CREATE INDEX focal_points_by_day ON focal_points (valid_from, id);
CREATE INDEX focal_points_by_province ON focal_points (province_id, valid_from, id);
CREATE INDEX focal_points_by_unit ON focal_points (org_unit_id, valid_from, id);
