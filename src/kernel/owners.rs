//! Whose a record is: the unit that a body names, held against what the account may act on, and the
//! province among whose records it stands.

use chrono::NaiveDate;

use super::tree::OrgUnitId;
use super::unit_reference::UnitName;
use crate::auth::scope::Scoped;
use crate::error::{ApiError, Bilingual, Fault, Problem};

/// The unit whose record it is, and its province.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The unit.
    pub unit: OrgUnitId,
    /// The province to which the record belongs, whatever becomes of the unit.
    pub province: OrgUnitId,
}

/// The unit that a body names on a day. Of a record that is there the unit is part of its name and stays.
///
/// # Errors
/// The faults: no such unit, or another than that of the record.
pub fn named_unit(
    scoped: &Scoped,
    name: &UnitName<'_>,
    day: NaiveDate,
    present: Option<OrgUnitId>,
) -> Result<OrgUnitId, Vec<Fault>> {
    let unit = name.resolve(scoped.tree(), day)?;
    if present.is_none_or(|present| present == unit) {
        return Ok(unit);
    }
    let message = Bilingual::new(
        "Đơn vị xác định bản ghi nên không thay đổi được; hãy xóa và tạo bản ghi khác.",
        "The unit names the record and cannot change; delete it and make another.",
    );
    Err(vec![Fault::new(name.pointer(), "names_the_record", message)])
}

impl Owner {
    /// The owner of a record that the account writes.
    ///
    /// # Errors
    /// 403 for a unit outside the account's reach, 422 for one that stands in no province.
    pub fn within_reach(scoped: &Scoped, name: &UnitName<'_>, unit: OrgUnitId) -> Result<Self, ApiError> {
        if !scoped.reaches(unit) {
            let message = Bilingual::new(
                "Đơn vị này nằm ngoài phạm vi được giao của tài khoản.",
                "This unit is outside what the account may act on.",
            );
            let fault = Fault::new(name.pointer(), "out_of_reach", message);
            return Err(ApiError::new(Problem::Forbidden).with_faults(vec![fault]));
        }
        let province = scoped.home_province(unit).ok_or_else(|| {
            let message =
                Bilingual::new("Đơn vị không thuộc tỉnh, thành phố nào.", "The unit stands in no province.");
            ApiError::invalid(vec![Fault::new(name.pointer(), "no_province", message)])
        })?;
        Ok(Self { unit, province })
    }
}
