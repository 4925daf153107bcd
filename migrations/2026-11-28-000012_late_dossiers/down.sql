DROP INDEX dossiers_late_by_unit;
DROP INDEX dossiers_late_by_province;
DROP INDEX dossiers_late;
ALTER TABLE dossiers DROP COLUMN late_after;
