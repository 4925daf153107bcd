-- What is due at a moment and pending behind it is overdue on that very day. The counts are made anew at the next
-- start.
DELETE FROM dossier_sums;
DELETE FROM dossier_deltas;
DELETE FROM dossier_areas;
