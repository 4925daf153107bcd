DROP TABLE dossier_areas;
DROP TABLE dossier_sums;
DROP TABLE dossier_deltas;
DROP TABLE dossier_rules;
DROP TABLE dossiers;
