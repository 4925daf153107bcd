//! The catalogue of the country's units (danh mục đơn vị hành chính): reads the lists of 2024
//! (three tiers) and 2025 (two tiers) and the successions between them, and plans the identities,
//! versions and successions to be stored.
//!
//! Ids follow from the keys, so importing the same lists again changes nothing. A key is the
//! structure and the code (`2024:31420`): codes are unique only inside one structure.
//!
//! - `lines` reads CSV, `unit_list` the units of a structure, `succession_list` what became of them;
//!   [`faults`] are what can be wrong with them.
//! - `assemble` makes the [`plan`](planned::CataloguePlan) of what was read, with the ids of `keys`.
//! - [`rows`] are the plan as rows, `standing` is what the database has of it, [`import`] puts the rest there.

mod assemble;
pub mod faults;
pub mod import;
mod keys;
mod lines;
pub mod planned;
pub mod rows;
mod standing;
mod succession_list;
#[cfg(test)]
mod tests;
mod unit_list;

pub use faults::CatalogueError;
pub use keys::{COUNTRY_KEY, country_id};
pub use planned::{CataloguePlan, PlannedSuccession, PlannedUnit, PlannedVersion};

use self::assemble::assemble;
use self::faults::CatalogueFile;
use self::succession_list::links;
use self::unit_list::units;

kernel::text_enum! {
    /// The structure of local government that a code belongs to (mô hình tổ chức).
    pub enum Structure {
        /// Three tiers, until 30 June 2025.
        ThreeTiers => "2024", "ba cấp";
        /// Two tiers, since 1 July 2025.
        TwoTiers => "2025", "hai cấp";
    }
}

/// The three lists, as UTF-8 CSV with a header.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueFiles<'a> {
    /// `code,name,full_name,level,parent_code`, three tiers.
    pub units_2024: &'a [u8],
    /// The same columns, two tiers.
    pub units_2025: &'a [u8],
    /// `old_code,new_code,relation,effective_date,legal_basis,via_code,note`.
    pub successions: &'a [u8],
}

/// The lists of the whole country that come with the service; `data/NOTICE.md` tells their sources.
pub static BUNDLED: CatalogueFiles<'static> = CatalogueFiles {
    units_2024: include_bytes!("data/admin-units-2024.csv"),
    units_2025: include_bytes!("data/admin-units-2025.csv"),
    successions: include_bytes!("data/admin-unit-successions.csv"),
};

/// Plans what the three lists say.
///
/// # Errors
///
/// Names every fault of the lists with file, line and column; those of the successions only once
/// the units are free of faults, for they would mostly be consequences.
pub fn plan(files: CatalogueFiles<'_>) -> Result<CataloguePlan, CatalogueError> {
    let mut faults = Vec::new();
    let old = units(CatalogueFile::Units2024, files.units_2024, Structure::ThreeTiers, &mut faults);
    let new = units(CatalogueFile::Units2025, files.units_2025, Structure::TwoTiers, &mut faults);
    if !faults.is_empty() {
        return Err(CatalogueError { faults });
    }
    let rows = links(files.successions, &old, &new, &mut faults);
    if !faults.is_empty() {
        return Err(CatalogueError { faults });
    }
    Ok(assemble(&old, &new, &rows))
}
