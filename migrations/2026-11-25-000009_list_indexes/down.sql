DROP INDEX processing_returns_by_state;
DROP INDEX journal_by_province;
DROP INDEX journal_by_type;
