DROP TABLE law_enforcement_monitoring;
DROP TABLE document_reviews;
