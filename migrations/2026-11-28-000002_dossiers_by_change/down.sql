DROP INDEX dossiers_by_change;
