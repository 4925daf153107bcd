DROP INDEX dossiers_generated;
