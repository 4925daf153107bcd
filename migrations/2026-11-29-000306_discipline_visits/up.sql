-- Visits of inspections (lượt kiểm tra), of the unit that inspects; they name their inspection by its code.
CREATE TABLE discipline_visits (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  inspection_code TEXT NOT NULL,
  inspection_folded TEXT NOT NULL,
  visited_unit_code TEXT NOT NULL,
  visited_on DATE NOT NULL,
  outcome TEXT NOT NULL,
  persons_checked BIGINT,
  violations BIGINT,
  findings TEXT,
  follow_up TEXT,
  follow_up_by DATE,
  followed_up_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX discipline_visits_key
  ON discipline_visits (org_unit_id, inspection_folded, visited_unit_code, visited_on) WHERE deleted_at IS NULL;
CREATE INDEX discipline_visits_by_day ON discipline_visits (visited_on, id);
CREATE INDEX discipline_visits_by_province ON discipline_visits (province_id, visited_on, id);
CREATE INDEX discipline_visits_by_unit ON discipline_visits (org_unit_id, visited_on, id);
