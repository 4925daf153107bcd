-- Delegations of powers (phân quyền, phân cấp, ủy quyền). Who receives them stands in the tree, or is named.
CREATE TABLE delegations (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_folded TEXT NOT NULL,
  field TEXT,
  receiving_unit_id TEXT REFERENCES org_units (id),
  receiving_organisation TEXT,
  receiver_key TEXT NOT NULL,
  document_number TEXT,
  document_on DATE,
  valid_from DATE NOT NULL,
  valid_to DATE,
  source_note TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (valid_to IS NULL OR valid_from < valid_to),
  CHECK ((receiving_unit_id IS NULL) <> (receiving_organisation IS NULL))
);
CREATE UNIQUE INDEX delegations_key
  ON delegations (org_unit_id, kind, valid_from, subject_folded, receiver_key) WHERE deleted_at IS NULL;
CREATE INDEX delegations_by_day ON delegations (valid_from, id);
CREATE INDEX delegations_by_province ON delegations (province_id, valid_from, id);
CREATE INDEX delegations_by_unit ON delegations (org_unit_id, valid_from, id);
CREATE INDEX delegations_by_receiver ON delegations (receiving_unit_id);
