//! The persistence kernel: the only doors to SQL. It knows no word of the administration.

pub mod types;
