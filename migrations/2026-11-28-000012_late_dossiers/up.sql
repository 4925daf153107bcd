-- The day behind which a dossier is late: its due day while it is pending and no wait stops the clock, and
-- for ever once it was resolved too late. The indexes hold these dossiers alone.
ALTER TABLE dossiers ADD COLUMN late_after DATE;
CREATE INDEX dossiers_late ON dossiers (status, late_after, id)
  WHERE late_after IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_late_by_province ON dossiers (province_id, status, late_after, id)
  WHERE late_after IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX dossiers_late_by_unit ON dossiers (org_unit_id, status, late_after, id)
  WHERE late_after IS NOT NULL AND deleted_at IS NULL;
