-- What each write changes in the counts, in its own transaction; folded into the sheets afterwards.
DROP TABLE dossier_deltas;
CREATE TABLE dossier_deltas (
  id TEXT PRIMARY KEY NOT NULL,
  content TEXT NOT NULL,
  changes BIGINT NOT NULL
);

-- Sheets of counts: of a unit, of all units of a province, of the whole country, each of a month or a year.
-- Procedures are told apart in the days of units and in the sheets of provinces.
DROP TABLE dossier_sums;
DELETE FROM dossier_areas;
CREATE TABLE dossier_sums (
  area TEXT NOT NULL,
  bucket TEXT NOT NULL,
  totals TEXT NOT NULL,
  days TEXT NOT NULL,
  procedures TEXT NOT NULL,
  PRIMARY KEY (area, bucket)
);

-- Of which provinces' sheets some units are.
CREATE INDEX dossier_areas_by_unit ON dossier_areas (unit_id);
