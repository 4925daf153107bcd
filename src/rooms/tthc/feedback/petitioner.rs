//! Who sent feedback (người phản ánh, kiến nghị): personal data, sealed and masked as
//! [`people`](kernel::people) says. Nobody need say who they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::CitizenFeedbackId;
use kernel::people::{Identity, PersonKind, Place, number_digits, phone_letters, told_whole};

/// Who sent feedback (người phản ánh, kiến nghị), as it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "citizen", "name": "Người gửi thử nghiệm", "phone": "0900000012"}))]
pub struct Petitioner {
    /// Kind of person (loại đối tượng).
    pub kind: PersonKind,
    /// Name (họ tên, tên tổ chức).
    #[validate(length(min = 1, max = 200), custom(function = told_whole))]
    #[schema(min_length = 1, max_length = 200, pattern = "^[^*]+$")]
    pub name: String,
    /// Number of the identity card (số định danh): 12 digits, 9 of an old one; of an enterprise or
    /// organization also its tax code of 10 or 13.
    #[serde(default)]
    #[validate(length(min = 9, max = 13), custom(function = number_digits))]
    #[schema(min_length = 9, max_length = 13, pattern = "^([0-9]{9,10}|[0-9]{12,13})$")]
    pub id_number: Option<String>,
    /// Telephone (số điện thoại).
    #[serde(default)]
    #[validate(length(min = 6, max = 20), custom(function = phone_letters))]
    #[schema(min_length = 6, max_length = 20, pattern = "^[+0-9 ().-]{6,20}$")]
    pub phone: Option<String>,
    /// Address (địa chỉ).
    #[serde(default)]
    #[validate(length(min = 1, max = 500), custom(function = told_whole))]
    #[schema(min_length = 1, max_length = 500, pattern = "^[^*]+$")]
    pub address: Option<String>,
}

impl std::fmt::Debug for Petitioner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Petitioner").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Petitioner {
    /// Someone of whom this was sealed.
    pub(super) fn of(kind: PersonKind, told: Identity) -> Self {
        let Identity { name, id_number, phone, address } = told;
        Self { kind, name, id_number, phone, address }
    }

    /// What of them is sealed.
    pub(super) fn identity(&self) -> Identity {
        let Self { kind: _, name, id_number, phone, address } = self.clone();
        Identity { name, id_number, phone, address }
    }
}

/// Where the petitioner of feedback is sealed.
pub(super) fn place(id: CitizenFeedbackId) -> Place {
    Place::new("citizen_feedback", id, "petitioner")
}

/// Who sent feedback (người phản ánh, kiến nghị), as it is shown: masked, unless the account may see personal
/// data and its token says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "citizen", "name": "N**** g** t** n*****", "id_number": null, "phone": "********12", "address": null}))]
pub struct PetitionerShown {
    /// Kind of person (loại đối tượng).
    pub kind: PersonKind,
    /// Name (họ tên, tên tổ chức): masked the first letter of each word; null once it was erased.
    pub name: Option<String>,
    /// Number of the identity card (số định danh): masked a star for each digit.
    pub id_number: Option<String>,
    /// Telephone (số điện thoại): masked its last two digits.
    pub phone: Option<String>,
    /// Address (địa chỉ): masked nothing of it.
    pub address: Option<String>,
}

impl PetitionerShown {
    /// A petitioner whose data were erased.
    #[must_use]
    pub const fn erased(kind: PersonKind) -> Self {
        Self { kind, name: None, id_number: None, phone: None, address: None }
    }

    /// A petitioner, in clear or masked.
    #[must_use]
    pub fn of(kind: PersonKind, told: Identity, is_clear: bool) -> Self {
        let Identity { name, id_number, phone, address } = if is_clear { told } else { told.masked() };
        Self { kind, name: Some(name), id_number, phone, address }
    }
}
