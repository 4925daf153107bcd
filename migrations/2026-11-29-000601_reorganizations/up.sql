-- Acts of reorganization (sắp xếp tổ chức bộ máy). Kind, day and units are what the act is and never
-- change.
CREATE TABLE reorganizations (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  effective_on DATE NOT NULL,
  effective_on_certainty TEXT NOT NULL,
  document_number TEXT,
  document_on DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX reorganizations_key
  ON reorganizations (org_unit_id, kind, effective_on) WHERE deleted_at IS NULL;
CREATE INDEX reorganizations_by_day ON reorganizations (effective_on, id);
CREATE INDEX reorganizations_by_province ON reorganizations (province_id, effective_on, id);
CREATE INDEX reorganizations_by_unit ON reorganizations (org_unit_id, effective_on, id);

-- The units of an act: the one that it is about at position 0, then the others in their order.
CREATE TABLE reorganized_units (
  reorganization_id TEXT NOT NULL REFERENCES reorganizations (id),
  position INTEGER NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  partly BOOLEAN NOT NULL,
  keeps_records BOOLEAN NOT NULL,
  -- Whether the act ended the unit; false where it had ended on that day already.
  ended BOOLEAN NOT NULL,
  PRIMARY KEY (reorganization_id, position)
);
CREATE INDEX reorganized_units_by_unit ON reorganized_units (org_unit_id, reorganization_id);

-- The successions of an act: those that it made, and those that stood and were taken up.
CREATE TABLE reorganization_successions (
  succession_id TEXT PRIMARY KEY NOT NULL REFERENCES org_unit_successions (id),
  reorganization_id TEXT NOT NULL REFERENCES reorganizations (id),
  made BOOLEAN NOT NULL
);
CREATE INDEX reorganization_successions_by_act ON reorganization_successions (reorganization_id);
