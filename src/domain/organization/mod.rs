//! Organization (tổ chức bộ máy): who exists, under whom, since when, and what became of it.
