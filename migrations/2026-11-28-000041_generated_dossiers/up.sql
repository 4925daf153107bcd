CREATE INDEX dossiers_generated ON dossiers (id) WHERE generated;
