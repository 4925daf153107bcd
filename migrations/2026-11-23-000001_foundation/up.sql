-- The foundation: journal, accounts, organization, periods, processing returns.
-- Portable to SQLite and PostgreSQL. Instants are microseconds since 1970 (UTC); days are DATE, with
-- 0001-01-01 and 9999-12-31 for an open beginning or end; enumerations are text, guarded in Rust.

-- Counters that tell instances when what they hold in memory is stale.
CREATE TABLE epochs (
  name TEXT PRIMARY KEY NOT NULL,
  value BIGINT NOT NULL
);
INSERT INTO epochs (name, value) VALUES ('units', 1);
INSERT INTO epochs (name, value) VALUES ('access', 1);
INSERT INTO epochs (name, value) VALUES ('keys', 1);

-- One row a write, in its own transaction; position and hash are given afterwards, in commit order.
CREATE TABLE journal (
  id TEXT PRIMARY KEY NOT NULL,
  position BIGINT,
  recorded_at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  record_type TEXT NOT NULL,
  record_id TEXT NOT NULL,
  record_version BIGINT NOT NULL,
  org_unit_id TEXT,
  province_id TEXT,
  content TEXT NOT NULL,
  hash TEXT
);
CREATE UNIQUE INDEX journal_position ON journal (position) WHERE position IS NOT NULL;
CREATE INDEX journal_unsealed ON journal (recorded_at, id) WHERE position IS NULL;
CREATE INDEX journal_by_time ON journal (recorded_at, id);
CREATE INDEX journal_by_record ON journal (record_id, recorded_at, id);
CREATE INDEX journal_by_actor ON journal (actor_id, recorded_at, id);
CREATE INDEX journal_by_unit ON journal (org_unit_id, recorded_at, id);

-- The end of the sealed chain: what a truncated journal no longer matches.
CREATE TABLE journal_seal (
  id INTEGER PRIMARY KEY NOT NULL,
  position BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO journal_seal (id, position, hash) VALUES (1, 0, '');

-- The signing keys of instances that share a database, sealed under CCHC_MASTER_KEY.
CREATE TABLE key_rings (
  name TEXT PRIMARY KEY NOT NULL,
  sealed TEXT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE org_units (
  id TEXT PRIMARY KEY NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);

CREATE TABLE org_unit_versions (
  id TEXT PRIMARY KEY NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  code TEXT,
  identifier TEXT,
  name TEXT NOT NULL,
  full_name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  kind TEXT NOT NULL,
  unit_class TEXT,
  parent_id TEXT REFERENCES org_units (id),
  valid_from DATE NOT NULL,
  valid_from_certainty TEXT NOT NULL,
  valid_to DATE NOT NULL,
  valid_to_certainty TEXT NOT NULL,
  change_kind TEXT,
  legal_basis TEXT,
  note TEXT,
  CHECK (valid_from < valid_to)
);
CREATE UNIQUE INDEX org_unit_versions_of_unit ON org_unit_versions (org_unit_id, valid_from);
CREATE INDEX org_unit_versions_by_name ON org_unit_versions (name_folded, org_unit_id);
CREATE INDEX org_unit_versions_by_code ON org_unit_versions (code, valid_from);
CREATE INDEX org_unit_versions_by_identifier ON org_unit_versions (identifier) WHERE identifier IS NOT NULL;
CREATE INDEX org_unit_versions_by_parent ON org_unit_versions (parent_id, name_folded, org_unit_id);

CREATE TABLE org_unit_successions (
  id TEXT PRIMARY KEY NOT NULL,
  predecessor_id TEXT NOT NULL REFERENCES org_units (id),
  successor_id TEXT NOT NULL REFERENCES org_units (id),
  relation TEXT NOT NULL,
  effective_on DATE NOT NULL,
  keeps_records BOOLEAN NOT NULL,
  legal_basis TEXT,
  note TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX org_unit_successions_key ON org_unit_successions (predecessor_id, successor_id) WHERE deleted_at IS NULL;
CREATE INDEX org_unit_successions_by_successor ON org_unit_successions (successor_id);
CREATE INDEX org_unit_successions_by_day ON org_unit_successions (effective_on, id);

CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,
  username TEXT NOT NULL,
  display_name TEXT NOT NULL,
  org_unit_id TEXT REFERENCES org_units (id),
  password_hash TEXT NOT NULL,
  must_change_password BOOLEAN NOT NULL,
  active BOOLEAN NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX users_key ON users (username) WHERE deleted_at IS NULL;
CREATE INDEX users_by_unit ON users (org_unit_id, username, id);

CREATE TABLE clients (
  id TEXT PRIMARY KEY NOT NULL,
  client_id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  org_unit_id TEXT REFERENCES org_units (id),
  secret_hash TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX clients_key ON clients (client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_by_unit ON clients (org_unit_id, client_id, id);

CREATE TABLE grants (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT REFERENCES users (id),
  client_id TEXT REFERENCES clients (id),
  role TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  domains TEXT NOT NULL,
  scopes TEXT NOT NULL,
  valid_from DATE NOT NULL,
  valid_to DATE NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK ((user_id IS NULL) <> (client_id IS NULL))
);
CREATE INDEX grants_of_user ON grants (user_id);
CREATE INDEX grants_of_client ON grants (client_id);
CREATE INDEX grants_by_unit ON grants (org_unit_id, created_at, id);
CREATE INDEX grants_by_time ON grants (created_at, id);

CREATE TABLE refresh_tokens (
  digest TEXT PRIMARY KEY NOT NULL,
  family_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  scope TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE revoked_tokens (
  jti TEXT PRIMARY KEY NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

CREATE TABLE periods (
  id TEXT PRIMARY KEY NOT NULL,
  regime TEXT NOT NULL,
  code TEXT NOT NULL,
  kind TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE NOT NULL,
  submit_by DATE,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  CHECK (starts_on <= ends_on)
);
CREATE UNIQUE INDEX periods_key ON periods (regime, code) WHERE deleted_at IS NULL;
CREATE INDEX periods_by_day ON periods (starts_on, id);
CREATE INDEX periods_by_code ON periods (code, id);

CREATE TABLE processing_returns (
  id TEXT PRIMARY KEY NOT NULL,
  province_id TEXT NOT NULL,
  org_unit_id TEXT NOT NULL REFERENCES org_units (id),
  period_id TEXT NOT NULL REFERENCES periods (id),
  handling_level TEXT NOT NULL,
  field TEXT NOT NULL,
  nil BOOLEAN NOT NULL,
  received_online BIGINT NOT NULL,
  received_in_person BIGINT NOT NULL,
  received_postal BIGINT NOT NULL,
  carried_over BIGINT,
  carried_over_basis TEXT,
  resolved_early BIGINT NOT NULL,
  resolved_on_time BIGINT NOT NULL,
  resolved_overdue BIGINT NOT NULL,
  pending_in_time BIGINT NOT NULL,
  pending_overdue BIGINT NOT NULL,
  withdrawn BIGINT NOT NULL,
  refused BIGINT NOT NULL,
  covers_from DATE,
  covers_to DATE,
  source_note TEXT,
  state TEXT NOT NULL,
  edited_by TEXT NOT NULL,
  filed_by TEXT,
  submitted_at BIGINT,
  reviewed_by TEXT,
  reviewed_at BIGINT,
  review_reason TEXT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX processing_returns_key
  ON processing_returns (period_id, org_unit_id, handling_level, field) WHERE deleted_at IS NULL;
CREATE INDEX processing_returns_by_time ON processing_returns (created_at, id);
CREATE INDEX processing_returns_by_province ON processing_returns (province_id, created_at, id);
CREATE INDEX processing_returns_by_unit ON processing_returns (org_unit_id, created_at, id);
CREATE INDEX processing_returns_by_period ON processing_returns (period_id, created_at, id);
