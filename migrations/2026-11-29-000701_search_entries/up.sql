-- What records are found by: one row a record. The words themselves stand in an index of their own beside it, which
-- each database has in its way (src/db/word_index.rs). A place tells the day of a record, so that the later come first.
CREATE TABLE search_entries (
    place BIGINT NOT NULL PRIMARY KEY,
    record_type TEXT NOT NULL,
    record_id TEXT NOT NULL,
    org_unit_id TEXT,
    title TEXT,
    code TEXT,
    day DATE NOT NULL,
    digest BIGINT NOT NULL
);
CREATE UNIQUE INDEX search_entries_record ON search_entries (record_id, record_type);
