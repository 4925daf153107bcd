DROP TABLE document_relations;
DROP TABLE legal_documents;
