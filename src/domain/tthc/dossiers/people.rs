//! Owners and submitters of dossiers (chủ hồ sơ, người nộp): personal data, which are sealed where they are
//! stored and masked where they are shown to whoever has no need of them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::model::DossierId;
use crate::auth::keys::PersonalKeys;
use crate::db::types::Instant;
use crate::error::{ApiError, Bilingual, Fault};
use crate::text::worded;
use crate::text_enum;

text_enum! {
    /// Kind of applicant (loại đối tượng).
    pub enum PersonKind {
        /// A citizen.
        Citizen => "citizen", "công dân";
        /// An enterprise.
        Enterprise => "enterprise", "doanh nghiệp";
        /// A state agency.
        StateAgency => "state_agency", "cơ quan nhà nước";
        /// Another organization.
        Organization => "organization", "tổ chức khác";
    }
}

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

/// A masked name that comes back with a dossier as it was read must not take the place of the true one.
fn told_whole(text: &str) -> Result<(), ValidationError> {
    worded(text)?;
    if !text.contains('*') {
        return Ok(());
    }
    Err(ValidationError::new("masked").with_message(
        "Tên đã bị che một phần; hãy gửi tên đầy đủ, hoặc dùng PATCH để giữ nguyên người trong hồ sơ. | The name is masked; send it whole, or leave people as they are with a PATCH.".into(),
    ))
}

fn number_digits(text: &str) -> Result<(), ValidationError> {
    if text.bytes().all(|letter| letter.is_ascii_digit()) && matches!(text.len(), 9 | 10 | 12 | 13) {
        return Ok(());
    }
    Err(ValidationError::new("digits")
        .with_message("Số định danh gồm 9 hoặc 12 chữ số. | An identity number has 9 or 12 digits.".into()))
}

fn phone_letters(text: &str) -> Result<(), ValidationError> {
    let is_fit = |letter: u8| letter.is_ascii_digit() || b"+ ().-".contains(&letter);
    if text.bytes().all(is_fit) {
        return Ok(());
    }
    Err(ValidationError::new("phone").with_message(
        "Số điện thoại chỉ gồm chữ số, dấu cách và + ( ) . - | A telephone number has digits, blanks and + ( ) . - only.".into(),
    ))
}

impl DossierPerson {
    /// Who stands where a whole dossier names someone whose data were erased. It is never stored.
    #[must_use]
    pub fn erased(kind: PersonKind) -> Self {
        Self { kind, name: "Đã xóa dữ liệu cá nhân".to_owned(), id_number: None, phone: None }
    }

    /// A number that is none for this kind of applicant: a tax code is no citizen's.
    #[must_use]
    pub fn number_fault(&self, member: &str) -> Option<Fault> {
        let is_tax_code = self.id_number.as_deref().is_some_and(|number| matches!(number.len(), 10 | 13));
        (self.kind == PersonKind::Citizen && is_tax_code).then(|| {
            let message = Bilingual::new(
                "Số định danh của công dân gồm 9 hoặc 12 chữ số.",
                "The identity number of a citizen has 9 or 12 digits.",
            );
            Fault::new(format!("/{member}/id_number"), "digits", message)
        })
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

/// What is sealed of a person.
#[derive(Serialize, Deserialize)]
struct Sealed {
    name: String,
    id_number: Option<String>,
    phone: Option<String>,
}

impl Part {
    fn place(self, dossier: DossierId) -> Vec<u8> {
        let part = match self {
            Self::Owner => "owner",
            Self::Submitter => "submitter",
        };
        format!("dossier {dossier} {part}").into_bytes()
    }

    /// Seals a person for this place in this dossier.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(
        self,
        keys: &PersonalKeys,
        now: Instant,
        dossier: DossierId,
        person: &DossierPerson,
    ) -> Result<String, ApiError> {
        let DossierPerson { kind: _, name, id_number, phone } = person.clone();
        let text = serde_json::to_vec(&Sealed { name, id_number, phone }).map_err(ApiError::internal)?;
        keys.seal(now, &text, &self.place(dossier)).map_err(ApiError::internal)
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
        let text = keys.open(sealed, &self.place(dossier)).map_err(ApiError::internal)?;
        // The message of a parser may quote what stood there.
        let Sealed { name, id_number, phone } = serde_json::from_slice(text.expose())
            .map_err(|_| ApiError::internal("a sealed person is damaged"))?;
        Ok(DossierPerson { kind, name, id_number, phone })
    }
}

/// The digest under which the dossiers of an identity number are found.
#[must_use]
pub fn number_digest(keys: &PersonalKeys, id_number: &str) -> String {
    keys.search_digest("id_number", id_number)
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

    /// A person masked.
    #[must_use]
    pub fn masked(person: &DossierPerson) -> Self {
        Self {
            kind: person.kind,
            name: Some(masked_name(&person.name)),
            id_number: person.id_number.as_deref().map(|number| "*".repeat(number.len())),
            phone: person.phone.as_deref().map(masked_phone),
        }
    }
}

fn masked_name(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().collect();
        first + &"*".repeat(letters.count())
    };
    name.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn masked_phone(phone: &str) -> String {
    let shown_from = phone.chars().count().saturating_sub(2);
    let letter = |(place, letter): (usize, char)| if place < shown_from { '*' } else { letter };
    phone.chars().enumerate().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::KeyRing;

    fn person() -> DossierPerson {
        DossierPerson {
            kind: PersonKind::Citizen,
            name: "Người nộp thử".into(),
            id_number: Some("012345678901".into()),
            phone: Some("0900000012".into()),
        }
    }

    #[test]
    fn a_masked_person_tells_no_number_and_no_name() {
        let shown = DossierPersonShown::masked(&person());
        assert_eq!(shown.name.as_deref(), Some("N**** n** t**"));
        assert_eq!(shown.id_number.as_deref(), Some("************"));
        assert_eq!(shown.phone.as_deref(), Some("********12"));
        assert!(!format!("{:?}", person()).contains("thử"), "nor does a log");
    }

    #[test]
    fn a_sealed_person_opens_in_its_own_place_only() {
        let begin = Instant::from_micros(0);
        let mut ring = KeyRing::generate(begin).unwrap();
        let (one, other) = (DossierId::new(), DossierId::new());
        let sealed = Part::Owner.seal(ring.personal(), begin, one, &person()).unwrap();
        assert!(!sealed.contains("012345678901"));
        let open = |part: Part, id| part.open(ring.personal(), id, PersonKind::Citizen, &sealed);
        assert_eq!(open(Part::Owner, one).unwrap(), person());
        assert!(open(Part::Submitter, one).is_err());
        assert!(open(Part::Owner, other).is_err());
        let digest = number_digest(ring.personal(), "012345678901");
        ring.rotate_personal(begin, 60).unwrap();
        let ring = KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
        assert!(ring.personal().is_current(begin, &sealed), "the others may not have the new key yet");
        let later = begin.plus_seconds(60);
        assert!(!ring.personal().is_current(later, &sealed));
        let opened = Part::Owner.open(ring.personal(), one, PersonKind::Citizen, &sealed).unwrap();
        assert_eq!(
            number_digest(ring.personal(), &opened.id_number.unwrap()),
            digest,
            "after a rotation too"
        );
        let anew = Part::Owner.seal(ring.personal(), later, one, &person()).unwrap();
        assert!(ring.personal().is_current(later, &anew) && anew.starts_with("2."));
        assert_eq!(Part::Owner.open(ring.personal(), one, PersonKind::Citizen, &anew).unwrap(), person());
    }
}
