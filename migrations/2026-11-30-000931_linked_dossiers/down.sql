DROP INDEX dossiers_linked;
