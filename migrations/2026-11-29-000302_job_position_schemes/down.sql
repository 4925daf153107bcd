DROP TABLE job_position_schemes;
