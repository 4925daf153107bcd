-- Information systems, the units that use them, and the certificates with which units sign.
CREATE TABLE systems (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  in_use_from DATE NOT NULL,
  in_use_to DATE,
  address TEXT,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX systems_key ON systems (org_unit_id, kind, name_folded) WHERE deleted_at IS NULL;
CREATE INDEX systems_by_day ON systems (in_use_from, id);
CREATE INDEX systems_by_province ON systems (province_id, in_use_from, id);
CREATE INDEX systems_by_unit ON systems (org_unit_id, in_use_from, id);

CREATE TABLE deployments (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  system_id TEXT NOT NULL REFERENCES systems (id),
  in_use_from DATE NOT NULL,
  in_use_to DATE,
  users BIGINT,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX deployments_key ON deployments (system_id, org_unit_id) WHERE deleted_at IS NULL;
CREATE INDEX deployments_by_day ON deployments (in_use_from, id);
CREATE INDEX deployments_by_province ON deployments (province_id, in_use_from, id);
CREATE INDEX deployments_by_unit ON deployments (org_unit_id, in_use_from, id);
CREATE INDEX deployments_by_system ON deployments (system_id, in_use_from, id);

CREATE TABLE digital_certificates (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  holder TEXT NOT NULL,
  serial_number TEXT NOT NULL,
  serial_folded TEXT NOT NULL,
  authority TEXT,
  valid_from DATE NOT NULL,
  expires_on DATE NOT NULL,
  revoked_on DATE,
  note TEXT,
  source_note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (valid_from <= expires_on)
);
CREATE UNIQUE INDEX digital_certificates_key
  ON digital_certificates (org_unit_id, serial_folded) WHERE deleted_at IS NULL;
CREATE INDEX digital_certificates_by_day ON digital_certificates (expires_on, id);
CREATE INDEX digital_certificates_by_province ON digital_certificates (province_id, expires_on, id);
CREATE INDEX digital_certificates_by_unit ON digital_certificates (org_unit_id, expires_on, id);
