-- Lists of one kind of record, of one province, of one state: each in its order, without sorting.
CREATE INDEX journal_by_type ON journal (record_type, recorded_at, id);
CREATE INDEX journal_by_province ON journal (province_id, recorded_at, id) WHERE province_id IS NOT NULL;
CREATE INDEX processing_returns_by_state ON processing_returns (state, created_at, id) WHERE deleted_at IS NULL;
