-- The documents that a unit is named to review, for its reviews and for who asks by it.
CREATE INDEX legal_documents_reviewing ON legal_documents (reviewing_unit_id, issued_on, id)
    WHERE reviewing_unit_id IS NOT NULL;
