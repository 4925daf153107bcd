-- The parts of a linked dossier (hồ sơ liên thông), by its code: while there are any it is neither deleted nor linked
-- to another.
CREATE INDEX dossiers_linked ON dossiers (linked_code) WHERE linked_code IS NOT NULL AND deleted_at IS NULL;
