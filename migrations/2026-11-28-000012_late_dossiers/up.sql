-- The day behind which a dossier is late: its due day while it is pending and no wait stops the clock, and
-- for ever once it was resolved too late. The indexes hold these dossiers alone, those that are pending apart
-- from those that are over: what was late years ago does not stand before what is overdue today.
ALTER TABLE dossiers ADD COLUMN late_after DATE;
CREATE INDEX dossiers_overdue ON dossiers (late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_overdue_by_province ON dossiers (province_id, late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_overdue_by_unit ON dossiers (org_unit_id, late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_resolved_late ON dossiers (late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_resolved_late_by_province ON dossiers (province_id, late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_resolved_late_by_unit ON dossiers (org_unit_id, late_after, id)
  WHERE late_after IS NOT NULL AND resolved_at IS NOT NULL AND deleted_at IS NULL;
