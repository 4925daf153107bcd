DROP TABLE reorganization_successions;
DROP TABLE reorganized_units;
DROP TABLE reorganizations;
