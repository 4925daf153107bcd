DROP INDEX grants_key_of_user;
DROP INDEX grants_key_of_client;
CREATE INDEX grants_of_user ON grants (user_id);
CREATE INDEX grants_of_client ON grants (client_id);
