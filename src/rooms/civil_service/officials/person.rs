//! Who an official is (nhân thân): personal data, sealed and masked as [`people`](kernel::people) says.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::OfficialId;
use kernel::people::{Place, masked_name, masked_number, number_digits, told_whole};
use kernel::text_enum;

text_enum! {
    /// Sex of an official (giới tính).
    pub enum OfficialSex {
        /// A man.
        Male => "male", "nam";
        /// A woman.
        Female => "female", "nữ";
    }
}

/// Who an official is (nhân thân của cán bộ, công chức, viên chức, người lao động), as it is sent and sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Cán bộ thử nghiệm", "date_of_birth": "1990-01-01", "sex": "female", "id_number": "000000000000"}))]
pub struct OfficialPerson {
    /// Name (họ tên).
    #[validate(length(min = 1, max = 200), custom(function = told_whole))]
    #[schema(min_length = 1, max_length = 200, pattern = "^[^*]+$")]
    pub name: String,
    /// Day of birth (ngày sinh).
    #[serde(default)]
    pub date_of_birth: Option<NaiveDate>,
    /// Sex (giới tính).
    #[serde(default)]
    pub sex: Option<OfficialSex>,
    /// Number of the identity card (số định danh): 12 digits, 9 of an old one.
    #[serde(default)]
    #[validate(length(min = 9, max = 12), custom(function = number_digits))]
    #[schema(min_length = 9, max_length = 12, pattern = "^([0-9]{9}|[0-9]{12})$")]
    pub id_number: Option<String>,
}

impl std::fmt::Debug for OfficialPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfficialPerson(..)")
    }
}

/// Where an official is sealed.
pub(super) fn place(id: OfficialId) -> Place {
    Place::new("official", id, "person")
}

/// Who an official is (nhân thân), as it is shown: masked, unless the account may see personal data and its token
/// says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"name": "C** b* t** n*****", "date_of_birth": null, "sex": null, "id_number": "************"}))]
pub struct OfficialPersonShown {
    /// Name (họ tên): masked the first letter of each word.
    pub name: String,
    /// Day of birth (ngày sinh): masked null.
    pub date_of_birth: Option<NaiveDate>,
    /// Sex (giới tính): masked null.
    pub sex: Option<OfficialSex>,
    /// Number of the identity card (số định danh): masked a star for each digit.
    pub id_number: Option<String>,
}

impl OfficialPersonShown {
    /// Someone, in clear or masked.
    #[must_use]
    pub fn of(told: OfficialPerson, is_clear: bool) -> Self {
        let OfficialPerson { name, date_of_birth, sex, id_number } = told;
        if is_clear {
            return Self { name, date_of_birth, sex, id_number };
        }
        Self {
            name: masked_name(&name),
            date_of_birth: None,
            sex: None,
            id_number: id_number.as_deref().map(masked_number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_official_tells_initials_only() {
        let told = OfficialPerson {
            name: "Cán bộ thử".into(),
            date_of_birth: NaiveDate::from_ymd_opt(1990, 2, 3),
            sex: Some(OfficialSex::Female),
            id_number: Some("012345678901".into()),
        };
        assert_eq!(format!("{told:?}"), "OfficialPerson(..)");
        let shown = OfficialPersonShown::of(told.clone(), false);
        let masked = OfficialPersonShown {
            name: "C** b* t**".into(),
            date_of_birth: None,
            sex: None,
            id_number: Some("************".into()),
        };
        assert_eq!(shown, masked);
        assert_eq!(OfficialPersonShown::of(told, true).name, "Cán bộ thử");
    }
}
