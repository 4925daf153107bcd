-- Returns of all communes of Cần Thơ for the first half of 2026, in twenty fields each, as they are handed in.
-- The same text for SQLite and PostgreSQL.
INSERT INTO periods (id, regime, code, kind, starts_on, ends_on, submit_by, version, created_at, updated_at)
VALUES ('0190a8c0-0000-7000-8000-000000000001', 'calendar', '2026-H1', 'half', '2026-01-01', '2026-06-30', NULL, 1, 0, 0);

INSERT INTO processing_returns (
  id, province_id, org_unit_id, period_id, handling_level, field, nil, received_online, received_in_person,
  received_postal, carried_over, carried_over_basis, resolved_early, resolved_on_time, resolved_overdue,
  pending_in_time, pending_overdue, withdrawn, refused, state, edited_by, version, created_at, updated_at
)
SELECT '0190a8c0-0000-7000-8000-' || CAST(100000000000 + ROW_NUMBER() OVER (ORDER BY v.org_unit_id, f.number) AS TEXT),
  p.org_unit_id, v.org_unit_id, '0190a8c0-0000-7000-8000-000000000001', 'commune', 'field ' || f.number, FALSE,
  100 + f.number, 50, 0, 7, 'stated', 20 + f.number, 130, 1, 5, 1, 0, 0, 'accepted', 'bench', 1, 0, 0
FROM org_unit_versions p
JOIN org_unit_versions v ON v.parent_id = p.org_unit_id AND v.kind = 'commune'
  AND v.valid_from <= '2026-06-30' AND v.valid_to > '2026-06-30'
CROSS JOIN (
  SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6
  UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION ALL SELECT 12
  UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15 UNION ALL SELECT 16 UNION ALL SELECT 17 UNION ALL SELECT 18
  UNION ALL SELECT 19 UNION ALL SELECT 20
) f
WHERE p.code = '92' AND p.kind = 'province' AND p.valid_from <= '2026-06-30' AND p.valid_to > '2026-06-30';
