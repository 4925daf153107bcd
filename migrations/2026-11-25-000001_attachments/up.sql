CREATE TABLE attachments (
  id TEXT PRIMARY KEY NOT NULL,
  record_type TEXT NOT NULL,
  record_id TEXT NOT NULL,
  province_id TEXT,
  org_unit_id TEXT REFERENCES org_units (id),
  name TEXT NOT NULL,
  description TEXT,
  media_type TEXT NOT NULL,
  size_bytes BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  created_by TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX attachments_of_record ON attachments (record_id, created_at, id);

-- Content that goes at a time: that of deleted attachments, and that of uploads until their row stands.
CREATE TABLE content_removals (
  id TEXT PRIMARY KEY NOT NULL,
  due_at BIGINT NOT NULL
);
CREATE INDEX content_removals_by_time ON content_removals (due_at);
