DROP TABLE procedure_review_proposals;
DROP TABLE procedure_reviews;
