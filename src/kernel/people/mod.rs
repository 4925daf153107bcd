//! People who come to the administration (chủ hồ sơ, người nộp hồ sơ, người phản ánh, kiến nghị) or serve in it
//! (cán bộ, công chức, viên chức, người lao động): personal data, which are sealed where they are stored, masked
//! where they are shown to whoever has no need of them, and erased on order.

mod erasure;
pub mod reseal;

pub use erasure::{PersonalDataErasure, erase_beside, must_stand};

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use validator::ValidationError;

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

/// A masked text that comes back with a record as it was read must not take the place of the true one.
pub fn told_whole(text: &str) -> Result<(), ValidationError> {
    worded(text)?;
    if !text.contains('*') {
        return Ok(());
    }
    Err(ValidationError::new("masked").with_message(
        "Thông tin đã bị che một phần; hãy gửi đầy đủ, hoặc dùng PATCH để giữ nguyên người trong hồ sơ. | This is masked; send it whole, or leave people as they are with a PATCH.".into(),
    ))
}

/// A number of an identity card has 12 digits, or 9; a tax code 10 or 13.
pub fn number_digits(text: &str) -> Result<(), ValidationError> {
    if text.bytes().all(|letter| letter.is_ascii_digit()) && matches!(text.len(), 9 | 10 | 12 | 13) {
        return Ok(());
    }
    Err(ValidationError::new("digits")
        .with_message("Số định danh gồm 9 hoặc 12 chữ số. | An identity number has 9 or 12 digits.".into()))
}

/// A telephone number is written with digits and what parts them.
pub fn phone_letters(text: &str) -> Result<(), ValidationError> {
    let is_fit = |letter: u8| letter.is_ascii_digit() || b"+ ().-".contains(&letter);
    if text.bytes().all(is_fit) {
        return Ok(());
    }
    Err(ValidationError::new("phone").with_message(
        "Số điện thoại chỉ gồm chữ số, dấu cách và + ( ) . - | A telephone number has digits, blanks and + ( ) . - only.".into(),
    ))
}

/// A number that is none for this kind of person: a tax code is no citizen's.
pub fn kind_fault(kind: PersonKind, id_number: Option<&str>, member: &str) -> Option<Fault> {
    let is_tax_code = id_number.is_some_and(|number| matches!(number.len(), 10 | 13));
    (kind == PersonKind::Citizen && is_tax_code).then(|| {
        let message = Bilingual::new(
            "Số định danh của công dân gồm 9 hoặc 12 chữ số.",
            "The identity number of a citizen has 9 or 12 digits.",
        );
        Fault::new(format!("/{member}/id_number"), "digits", message)
    })
}

/// What is told of a person and sealed (thông tin của một người).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name (họ tên, tên tổ chức).
    pub name: String,
    /// Number of the identity card, or tax code (số định danh, mã số thuế).
    pub id_number: Option<String>,
    /// Telephone (số điện thoại).
    pub phone: Option<String>,
    /// Address (địa chỉ).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

impl Identity {
    /// The same masked: of a name the first letter of each word, of a telephone its last two digits; of an
    /// address nothing, for its words alone may lead to a house.
    #[must_use]
    pub fn masked(&self) -> Self {
        Self {
            name: masked_name(&self.name),
            id_number: self.id_number.as_deref().map(masked_number),
            phone: self.phone.as_deref().map(masked_phone),
            address: self.address.as_ref().map(|_| "***".to_owned()),
        }
    }
}

/// A name masked: the first letter of each word.
pub fn masked_name(name: &str) -> String {
    let mut masked = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !masked.is_empty() {
            masked.push(' ');
        }
        let mut letters = word.chars();
        masked.extend(letters.next());
        masked.extend(letters.map(|_| '*'));
    }
    masked
}

/// An identity number masked: a star for each digit.
pub fn masked_number(number: &str) -> String {
    "*".repeat(number.len())
}

/// A telephone number masked: its last two digits.
pub fn masked_phone(phone: &str) -> String {
    let shown_from = phone.chars().count().saturating_sub(2);
    let letter = |(place, letter): (usize, char)| if place < shown_from { '*' } else { letter };
    phone.chars().enumerate().map(letter).collect()
}

/// The place for which a person is sealed, such as the owner of one dossier: moved elsewhere nobody opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// The place of someone in a record.
    #[must_use]
    pub fn new(record: &str, id: impl Display, part: &str) -> Self {
        Self(format!("{record} {id} {part}"))
    }

    /// Seals a person for this place.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal<T: Serialize>(
        &self,
        keys: &PersonalKeys,
        now: Instant,
        told: &T,
    ) -> Result<String, ApiError> {
        let text = serde_json::to_vec(told).map_err(ApiError::internal)?;
        keys.seal(now, &text, self.0.as_bytes()).map_err(ApiError::internal)
    }

    /// The same where someone is sealed there already: who is told alike stays as they are sealed.
    ///
    /// # Errors
    /// As [`Self::seal`] and [`Self::open`].
    pub fn seal_over<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        keys: &PersonalKeys,
        now: Instant,
        told: &T,
        held: Option<&str>,
    ) -> Result<String, ApiError> {
        match held {
            Some(sealed) if self.open::<T>(keys, sealed)? == *told => Ok(sealed.to_owned()),
            _ => self.seal(keys, now, told),
        }
    }

    /// Opens a person that was sealed for this place.
    ///
    /// # Errors
    /// When the keys are not those under which it was sealed.
    pub fn open<T: DeserializeOwned>(&self, keys: &PersonalKeys, sealed: &str) -> Result<T, ApiError> {
        let text = keys.open(sealed, self.0.as_bytes()).map_err(ApiError::internal)?;
        // The message of a parser may quote what stood there.
        serde_json::from_slice(text.expose()).map_err(|_| ApiError::internal("a sealed person is damaged"))
    }

    /// The same person under the newest key; nothing where it is sealed under that one.
    ///
    /// # Errors
    /// As [`Self::seal`] and [`Self::open`].
    pub fn resealed(
        &self,
        keys: &PersonalKeys,
        now: Instant,
        sealed: &str,
    ) -> Result<Option<String>, ApiError> {
        if keys.is_current(now, sealed) {
            return Ok(None);
        }
        let told = keys.open(sealed, self.0.as_bytes()).map_err(ApiError::internal)?;
        keys.seal(now, told.expose(), self.0.as_bytes()).map(Some).map_err(ApiError::internal)
    }
}

/// The digest under which the records of an identity number are found.
#[must_use]
pub fn number_digest(keys: &PersonalKeys, id_number: &str) -> String {
    keys.search_digest("id_number", id_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::keys::KeyRing;

    fn identity() -> Identity {
        Identity {
            name: "Người nộp thử".into(),
            id_number: Some("012345678901".into()),
            phone: Some("0900000012".into()),
            address: Some("12 đường Hùng Vương".into()),
        }
    }

    #[test]
    fn a_masked_person_tells_no_number_and_no_name() {
        let shown = identity().masked();
        assert_eq!(shown.name, "N**** n** t**");
        assert_eq!(shown.id_number.as_deref(), Some("************"));
        assert_eq!(shown.phone.as_deref(), Some("********12"));
        assert_eq!(shown.address.as_deref(), Some("***"));
        assert!(!format!("{:?}", identity()).contains("thử"), "nor does a log");
        for masked in [shown.name.as_str(), "***"] {
            assert_eq!(told_whole(masked).unwrap_err().code, "masked", "{masked} does not come back");
        }
    }

    #[test]
    fn a_tax_code_is_no_citizens_number() {
        let fault = |kind, number| kind_fault(kind, Some(number), "owner").map(|fault| fault.pointer);
        assert_eq!(fault(PersonKind::Citizen, "0123456789").as_deref(), Some("/owner/id_number"));
        assert_eq!(fault(PersonKind::Enterprise, "0123456789"), None);
        assert_eq!(fault(PersonKind::Citizen, "012345678901"), None);
    }

    #[test]
    fn a_sealed_person_opens_in_its_own_place_only() {
        let begin = Instant::from_micros(0);
        let mut ring = KeyRing::generate(begin).unwrap();
        let here = Place::new("dossier", "1", "owner");
        let sealed = here.seal(ring.personal(), begin, &identity()).unwrap();
        assert!(!sealed.contains("012345678901"));
        assert_eq!(here.open::<Identity>(ring.personal(), &sealed).unwrap(), identity());
        for elsewhere in [Place::new("dossier", "1", "submitter"), Place::new("dossier", "2", "owner")] {
            assert!(elsewhere.open::<Identity>(ring.personal(), &sealed).is_err());
        }
        let digest = number_digest(ring.personal(), "012345678901");
        ring.rotate_personal(begin, 60).unwrap();
        let ring = KeyRing::from_document(ring.to_document().unwrap().expose()).unwrap();
        let keys = ring.personal();
        assert_eq!(here.resealed(keys, begin, &sealed).unwrap(), None, "others may not have the new key yet");
        let later = begin.plus_seconds(60);
        let anew = here.resealed(keys, later, &sealed).unwrap().unwrap();
        assert!(keys.is_current(later, &anew) && anew.starts_with("2."));
        assert_eq!(here.open::<Identity>(keys, &anew).unwrap(), identity());
        assert_eq!(number_digest(keys, "012345678901"), digest, "after a rotation too");
    }

    #[test]
    fn who_is_told_alike_stays_as_they_are_sealed() {
        let now = Instant::from_micros(0);
        let ring = KeyRing::generate(now).unwrap();
        let (keys, here) = (ring.personal(), Place::new("dossier", "1", "owner"));
        let sealed = here.seal(keys, now, &identity()).unwrap();
        assert_eq!(here.seal_over(keys, now, &identity(), Some(&sealed)).unwrap(), sealed);
        let moved = Identity { address: None, ..identity() };
        let anew = here.seal_over(keys, now, &moved, Some(&sealed)).unwrap();
        assert_eq!(here.open::<Identity>(keys, &anew).unwrap(), moved);
    }
}
