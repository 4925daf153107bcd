//! Owners and submitters of dossiers (chủ hồ sơ, người nộp): personal data, sealed and masked as
//! [`people`](kernel::people) says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::model::DossierId;
use kernel::auth::keys::PersonalKeys;
use kernel::error::{ApiError, Fault};
use kernel::people::{
    Identity, PersonKind, Place, kind_fault, masked_name, masked_number, masked_phone, number_digits,
    phone_letters, told_whole,
};

/// Who owns or submits a dossier (chủ hồ sơ, người nộp hồ sơ), as it is sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "citizen", "name": "Chủ hồ sơ thử nghiệm", "id_number": "000000000000", "phone": null}))]
pub struct DossierPerson {
    /// Kind of applicant (loại đối tượng).
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
}

impl std::fmt::Debug for DossierPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DossierPerson").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl DossierPerson {
    /// Someone of whom this was sealed.
    fn of(kind: PersonKind, told: Identity) -> Self {
        let Identity { name, id_number, phone, address: _ } = told;
        Self { kind, name, id_number, phone }
    }

    /// Who stands where a whole dossier names someone whose data were erased. It is never stored.
    #[must_use]
    pub fn erased(kind: PersonKind) -> Self {
        Self { kind, name: "Đã xóa dữ liệu cá nhân".to_owned(), id_number: None, phone: None }
    }

    /// What of them is sealed.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let Self { kind: _, name, id_number, phone } = self.clone();
        Identity { name, id_number, phone, address: None }
    }

    /// A number that is none for this kind of applicant.
    #[must_use]
    pub fn number_fault(&self, member: &str) -> Option<Fault> {
        kind_fault(self.kind, self.id_number.as_deref(), member)
    }
}

/// Which of a dossier's people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Whose dossier it is.
    Owner,
    /// Who handed it in.
    Submitter,
}

impl Part {
    /// Where they are sealed.
    #[must_use]
    pub fn place(self, dossier: DossierId) -> Place {
        let part = match self {
            Self::Owner => "owner",
            Self::Submitter => "submitter",
        };
        Place::new("dossier", dossier, part)
    }

    /// Opens a person that was sealed for this place.
    ///
    /// # Errors
    /// When the keys are not those under which it was sealed.
    pub fn open(
        self,
        keys: &PersonalKeys,
        dossier: DossierId,
        kind: PersonKind,
        sealed: &str,
    ) -> Result<DossierPerson, ApiError> {
        Ok(DossierPerson::of(kind, self.place(dossier).open(keys, sealed)?))
    }
}

/// Who owns or submits a dossier (chủ hồ sơ, người nộp hồ sơ), as it is shown: masked, unless the account
/// may see personal data and its token says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "citizen", "name": "C** h* s* t** n*****", "id_number": "************", "phone": null}))]
pub struct DossierPersonShown {
    /// Kind of applicant (loại đối tượng).
    pub kind: PersonKind,
    /// Name (họ tên, tên tổ chức): masked the first letter of each word; null once it was erased.
    pub name: Option<String>,
    /// Number of the identity card (số định danh): masked a star for each digit.
    pub id_number: Option<String>,
    /// Telephone (số điện thoại): masked its last two digits.
    pub phone: Option<String>,
}

impl DossierPersonShown {
    /// A person whose data were erased.
    #[must_use]
    pub const fn erased(kind: PersonKind) -> Self {
        Self { kind, name: None, id_number: None, phone: None }
    }

    /// A person in clear.
    #[must_use]
    pub fn clear(person: DossierPerson) -> Self {
        let DossierPerson { kind, name, id_number, phone } = person;
        Self { kind, name: Some(name), id_number, phone }
    }

    /// A person, masked.
    #[must_use]
    pub fn masked(person: &DossierPerson) -> Self {
        Self {
            kind: person.kind,
            name: Some(masked_name(&person.name)),
            id_number: person.id_number.as_deref().map(masked_number),
            phone: person.phone.as_deref().map(masked_phone),
        }
    }
}
