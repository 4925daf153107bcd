-- A dossier is rated once, whichever of its units is rated: the one that received it may stand in another province
-- than the one that resolves it.
CREATE UNIQUE INDEX satisfaction_ratings_of_dossier ON satisfaction_ratings (dossier_id) WHERE deleted_at IS NULL;
