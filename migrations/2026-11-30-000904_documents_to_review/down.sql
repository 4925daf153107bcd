DROP INDEX legal_documents_reviewing;
