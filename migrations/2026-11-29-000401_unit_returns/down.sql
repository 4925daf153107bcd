DROP TABLE unit_returns;
