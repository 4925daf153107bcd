//! Letters of apology (thư xin lỗi và hẹn lại ngày trả kết quả): what is told of one, what a dossier keeps of
//! it, and what it must satisfy. The position of whoever signed is told, never the name.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use kernel::db::types::Instant;
use kernel::error::{Bilingual, Fault};
use kernel::text::{day_vi, worded};
use kernel::validity::day_faults;

/// An apology with another day (thư xin lỗi và hẹn lại ngày trả). It changes neither the due day nor whether
/// the dossier is in time.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "rescheduled_to": "2026-11-12", "apology": "Xin lỗi vì trả kết quả chậm do phải xác minh hồ sơ.",
    "letter_number": "15/TXL-UBND", "signed_on": "2026-11-09", "signer_title": "Phó Chủ tịch UBND xã"
}))]
pub struct DossierExtension {
    /// When it was sent (thời điểm gửi); now where it is not given.
    #[serde(default)]
    pub at: Option<Instant>,
    /// The day that is promised (ngày hẹn lại).
    pub rescheduled_to: NaiveDate,
    /// What the apology says (nội dung xin lỗi).
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub apology: String,
    /// Number of the letter (số, ký hiệu thư xin lỗi).
    #[serde(default)]
    #[validate(length(min = 1, max = 100), custom(function = worded))]
    #[schema(min_length = 1, max_length = 100)]
    pub letter_number: Option<String>,
    /// When it was signed (ngày ký thư xin lỗi).
    #[serde(default)]
    pub signed_on: Option<NaiveDate>,
    /// The position of whoever signed it (chức vụ người ký thư xin lỗi), without the name.
    #[serde(default)]
    #[validate(length(min = 1, max = 200), custom(function = worded))]
    #[schema(min_length = 1, max_length = 200)]
    pub signer_title: Option<String>,
}

impl DossierExtension {
    /// What a dossier keeps of the letter.
    #[must_use]
    pub fn letter(&self) -> ApologyLetter {
        ApologyLetter {
            letter_number: self.letter_number.clone(),
            signed_on: self.signed_on,
            signer_title: self.signer_title.clone(),
        }
    }

    /// Faults of an apology for a dossier received on a day that was sent on another.
    #[must_use]
    pub(super) fn faults(&self, received_on: NaiveDate, sent_on: NaiveDate) -> Vec<Fault> {
        let days = [("/rescheduled_to", Some(self.rescheduled_to)), ("/signed_on", self.signed_on)];
        let mut faults: Vec<Fault> = day_faults(days).collect();
        if self.rescheduled_to < sent_on {
            let message = Bilingual::new(
                "Ngày hẹn lại phải từ ngày gửi thư xin lỗi trở đi.",
                "The promised day must not be before the apology.",
            );
            faults.push(Fault::new("/rescheduled_to", "before_apology", message));
        }
        if self.signed_on.is_some_and(|day| day < received_on) {
            let message = Bilingual::new(
                format!("Ngày ký thư xin lỗi trước ngày tiếp nhận hồ sơ ({}).", day_vi(received_on)),
                format!("The letter was signed before the dossier was received ({received_on})."),
            );
            faults.push(Fault::new("/signed_on", "before_received", message));
        }
        if self.signed_on.is_some_and(|day| day > sent_on) {
            let message = Bilingual::new(
                format!("Ngày ký thư xin lỗi sau ngày gửi ({}).", day_vi(sent_on)),
                format!("The letter was signed after it was sent ({sent_on})."),
            );
            faults.push(Fault::new("/signed_on", "after_sending", message));
        }
        faults
    }
}

/// What is kept of a letter of apology (thư xin lỗi).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ApologyLetter {
    /// Its number (số, ký hiệu).
    pub letter_number: Option<String>,
    /// When it was signed (ngày ký).
    pub signed_on: Option<NaiveDate>,
    /// The position of whoever signed it (chức vụ người ký).
    pub signer_title: Option<String>,
}

impl ApologyLetter {
    /// The letter, where anything is told of it.
    #[must_use]
    pub fn told(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_signed_between_receipt_and_sending() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let codes = |signed: &str, promised: &str| -> Vec<String> {
            let body = serde_json::json!({
                "rescheduled_to": promised, "apology": "Xin lỗi.", "signed_on": signed,
            });
            let letter: DossierExtension = serde_json::from_value(body).unwrap();
            let faults = letter.faults(day("2026-11-02"), day("2026-11-10"));
            faults.into_iter().map(|fault| fault.code.into_owned()).collect()
        };
        assert_eq!(codes("2026-11-10", "2026-11-10"), [""; 0]);
        assert_eq!(codes("2026-11-02", "2026-11-12"), [""; 0]);
        assert_eq!(codes("2026-11-01", "2026-11-12"), ["before_received"]);
        assert_eq!(codes("2026-11-11", "2026-11-09"), ["before_apology", "after_sending"]);
    }
}
