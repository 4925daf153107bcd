ALTER TABLE journal ADD COLUMN position BIGINT;
ALTER TABLE journal ADD COLUMN hash TEXT;
UPDATE journal SET
  position = (SELECT position FROM journal_chain WHERE entry_id = journal.id),
  hash = (SELECT hash FROM journal_chain WHERE entry_id = journal.id);
DROP TABLE journal_chain;
DROP TABLE unsealed_entries;
CREATE UNIQUE INDEX journal_position ON journal (position) WHERE position IS NOT NULL;
CREATE INDEX journal_unsealed ON journal (recorded_at, id) WHERE position IS NULL;
