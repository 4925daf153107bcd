-- Who sent feedback (người phản ánh, kiến nghị): sealed, and none where nobody said who they are. Once it was
-- erased on order the kind alone is left.
ALTER TABLE citizen_feedback ADD COLUMN petitioner_kind TEXT;
ALTER TABLE citizen_feedback ADD COLUMN petitioner TEXT;
ALTER TABLE citizen_feedback ADD COLUMN erased_at BIGINT;
