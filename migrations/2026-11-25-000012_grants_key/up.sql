-- A grant is known by its account, role, unit, domains and first day. The account stands first: these
-- indexes also find the grants of one.
-- Of twins that stood before there was a key, the one that holds longest stays.
UPDATE grants SET deleted_at = updated_at
WHERE deleted_at IS NULL AND EXISTS (
  SELECT 1 FROM grants AS twin
  WHERE twin.deleted_at IS NULL
    AND (twin.user_id = grants.user_id OR twin.client_id = grants.client_id)
    AND twin.role = grants.role AND twin.org_unit_id = grants.org_unit_id
    AND twin.domains = grants.domains AND twin.valid_from = grants.valid_from
    AND (twin.valid_to > grants.valid_to OR (twin.valid_to = grants.valid_to AND twin.id < grants.id))
);
DROP INDEX grants_of_user;
DROP INDEX grants_of_client;
CREATE UNIQUE INDEX grants_key_of_user ON grants (user_id, role, org_unit_id, domains, valid_from)
  WHERE deleted_at IS NULL AND user_id IS NOT NULL;
CREATE UNIQUE INDEX grants_key_of_client ON grants (client_id, role, org_unit_id, domains, valid_from)
  WHERE deleted_at IS NULL AND client_id IS NOT NULL;
