DROP INDEX dossiers_resolved_late_by_unit;
DROP INDEX dossiers_resolved_late_by_province;
DROP INDEX dossiers_resolved_late;
DROP INDEX dossiers_overdue_by_unit;
DROP INDEX dossiers_overdue_by_province;
DROP INDEX dossiers_overdue;
ALTER TABLE dossiers DROP COLUMN late_after;
