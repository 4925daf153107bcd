-- The places and hashes of journal entries beside them: an entry is written once, and PostgreSQL does not write it and
-- each of its indexes anew when it is sealed. A link tells what the change feed reads of its entry, so that a window
-- of the feed is one narrow range.
DROP INDEX journal_position;
DROP INDEX journal_unsealed;
CREATE TABLE journal_chain (
  position BIGINT PRIMARY KEY NOT NULL,
  entry_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  action TEXT NOT NULL,
  record_type TEXT NOT NULL,
  record_id TEXT NOT NULL,
  record_version BIGINT NOT NULL,
  org_unit_id TEXT,
  province_id TEXT,
  second_unit_id TEXT,
  second_province_id TEXT
);
INSERT INTO journal_chain (position, entry_id, hash, recorded_at, action, record_type, record_id, record_version,
    org_unit_id, province_id, second_unit_id, second_province_id)
  SELECT position, id, hash, recorded_at, action, record_type, record_id, record_version,
    org_unit_id, province_id, second_unit_id, second_province_id
  FROM journal WHERE position IS NOT NULL ORDER BY position;
CREATE UNIQUE INDEX journal_chain_entry ON journal_chain (entry_id);

-- The entries that wait for theirs.
CREATE TABLE unsealed_entries (
  recorded_at BIGINT NOT NULL,
  entry_id TEXT NOT NULL,
  PRIMARY KEY (recorded_at, entry_id)
);
INSERT INTO unsealed_entries (recorded_at, entry_id) SELECT recorded_at, id FROM journal WHERE position IS NULL;

ALTER TABLE journal DROP COLUMN position;
ALTER TABLE journal DROP COLUMN hash;
