-- Counts are stored in another form: they are made anew at the next start.
DELETE FROM dossier_sums;
DELETE FROM dossier_deltas;
DELETE FROM dossier_areas;
