-- Dossiers (hồ sơ TTHC). `org_unit_id` and `province_id` are of the unit that resolves it and follow a
-- handing over; those of the unit that received it never change, and the code is unique in its province.
-- Names, identity numbers and telephones stand sealed; a number is found by its keyed digest.
CREATE TABLE dossiers (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  receiving_province_id TEXT NOT NULL,
  receiving_unit_id TEXT NOT NULL REFERENCES org_units (id),
  receiving_tier TEXT NOT NULL,
  code TEXT NOT NULL,
  procedure_id TEXT NOT NULL REFERENCES procedures (id),
  procedure_version_id TEXT NOT NULL,
  field_id TEXT,
  rules_version BIGINT NOT NULL,
  channel TEXT NOT NULL,
  owner_kind TEXT NOT NULL,
  owner TEXT,
  owner_digest TEXT,
  submitter_kind TEXT,
  submitter TEXT,
  submitter_digest TEXT,
  received_at BIGINT NOT NULL,
  due_at BIGINT,
  due_on DATE NOT NULL,
  due_basis TEXT NOT NULL,
  status TEXT NOT NULL,
  resolved_at BIGINT,
  returned_at BIGINT,
  closed_at BIGINT,
  working_days BIGINT,
  rescheduled_to DATE,
  fee_vnd BIGINT,
  paid_online BOOLEAN NOT NULL,
  input_digitised BOOLEAN NOT NULL,
  result_digitised BOOLEAN NOT NULL,
  foreign_code TEXT,
  linked_code TEXT,
  source_updated_at BIGINT,
  waits TEXT NOT NULL,
  holders TEXT NOT NULL,
  generated BOOLEAN NOT NULL,
  erased_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX dossiers_key ON dossiers (code, receiving_province_id) WHERE deleted_at IS NULL;
CREATE INDEX dossiers_by_time ON dossiers (received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX dossiers_by_province ON dossiers (province_id, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX dossiers_by_province_status ON dossiers (province_id, status, received_at, id) WHERE deleted_at IS NULL;
CREATE INDEX dossiers_by_unit ON dossiers (org_unit_id, status, received_at, id) WHERE deleted_at IS NULL;
-- What one unit received and another resolves.
CREATE INDEX dossiers_received_by_unit ON dossiers (receiving_unit_id, received_at, id)
  WHERE deleted_at IS NULL AND receiving_unit_id <> org_unit_id;
CREATE INDEX dossiers_received_by_province ON dossiers (receiving_province_id, received_at, id)
  WHERE deleted_at IS NULL AND receiving_unit_id <> org_unit_id;
CREATE INDEX dossiers_of_owner ON dossiers (owner_digest, received_at, id) WHERE owner_digest IS NOT NULL;
CREATE INDEX dossiers_of_submitter ON dossiers (submitter_digest, received_at, id) WHERE submitter_digest IS NOT NULL;

-- Which waits stop the clock, by the day of receipt; a version is never changed, only succeeded.
CREATE TABLE dossier_rules (
  version BIGINT PRIMARY KEY NOT NULL,
  valid_from DATE NOT NULL,
  stopping TEXT NOT NULL,
  legal_basis TEXT,
  created_at BIGINT NOT NULL
);
INSERT INTO dossier_rules (version, valid_from, stopping, legal_basis, created_at) VALUES
  (1, '0001-01-01', '["awaiting_supplement","awaiting_payment","stopped"]', NULL, 0);

-- What each write changes in the counts, in its own transaction; folded into the sums afterwards.
CREATE TABLE dossier_deltas (
  id TEXT PRIMARY KEY NOT NULL,
  content TEXT NOT NULL
);

-- The folded counts: of a unit, of all units of a province, of the whole country; by day, month and year.
CREATE TABLE dossier_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  counted_by TEXT NOT NULL,
  tier TEXT NOT NULL,
  field_id TEXT NOT NULL,
  channel TEXT NOT NULL,
  received BIGINT NOT NULL,
  resolved_early BIGINT NOT NULL,
  resolved_on_time BIGINT NOT NULL,
  resolved_overdue BIGINT NOT NULL,
  withdrawn BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  moved BIGINT NOT NULL,
  overdue BIGINT NOT NULL,
  PRIMARY KEY (area, bucket, counted_by, tier, field_id, channel)
);

-- The units that the sums know, and in which province's sums they are.
CREATE TABLE dossier_areas (
  unit_id TEXT NOT NULL,
  province_id TEXT NOT NULL,
  first_day DATE NOT NULL,
  PRIMARY KEY (province_id, unit_id)
);
