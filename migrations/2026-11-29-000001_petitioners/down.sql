ALTER TABLE citizen_feedback DROP COLUMN erased_at;
ALTER TABLE citizen_feedback DROP COLUMN petitioner;
ALTER TABLE citizen_feedback DROP COLUMN petitioner_kind;
