-- Whoever sends dossiers on asks for those that changed since the last time.
CREATE INDEX dossiers_by_change ON dossiers (updated_at, id) WHERE deleted_at IS NULL;
