DROP TABLE digital_certificates;
DROP TABLE deployments;
DROP TABLE systems;
