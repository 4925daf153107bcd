DROP TABLE record_declarations;
