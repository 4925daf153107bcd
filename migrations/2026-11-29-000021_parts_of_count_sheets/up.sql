-- A sheet of counts in parts, so that a form reads no more than it tells: totals without working days, how
-- long resolutions took, what moved between units on which day, single days, procedures. The counts are made
-- anew at the next start.
DROP TABLE dossier_sums;
DELETE FROM dossier_deltas;
DELETE FROM dossier_areas;
CREATE TABLE dossier_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  totals TEXT NOT NULL,
  times TEXT NOT NULL,
  moves TEXT NOT NULL,
  days TEXT NOT NULL,
  procedures TEXT NOT NULL,
  PRIMARY KEY (area, bucket)
);
