DROP TABLE dossier_procedure_sums;
