-- A grant is known by its account, role, unit, domains and first day. The account stands first: these
-- indexes also find the grants of one.
DROP INDEX grants_of_user;
DROP INDEX grants_of_client;
CREATE UNIQUE INDEX grants_key_of_user ON grants (user_id, role, org_unit_id, domains, valid_from)
  WHERE deleted_at IS NULL AND user_id IS NOT NULL;
CREATE UNIQUE INDEX grants_key_of_client ON grants (client_id, role, org_unit_id, domains, valid_from)
  WHERE deleted_at IS NULL AND client_id IS NOT NULL;
