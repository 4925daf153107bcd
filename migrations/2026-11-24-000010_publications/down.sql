DROP TABLE procedure_process_links;
DROP TABLE procedure_processes;
DROP TABLE procedure_postings;
DROP TABLE procedure_publication_items;
DROP TABLE procedure_publications;
