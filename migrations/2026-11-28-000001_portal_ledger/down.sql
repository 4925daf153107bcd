DROP TABLE portal_ledger;
