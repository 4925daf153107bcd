DROP TABLE dossier_sums;
DELETE FROM dossier_deltas;
DELETE FROM dossier_areas;
CREATE TABLE dossier_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  totals TEXT NOT NULL,
  days TEXT NOT NULL,
  procedures TEXT NOT NULL,
  PRIMARY KEY (area, bucket)
);
