//! Erasing personal data on order (xóa dữ liệu cá nhân theo yêu cầu): the order, and what is the same for every
//! record that tells of people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::api::idempotency::erase_answers;
use crate::attachments::store::attachments_erase;
use crate::db::WriteTx;
use crate::db::types::Instant;
use crate::document_numbers::number_fault;
use crate::error::{ApiError, Problem};
use crate::record_types::RecordType;
use crate::text::worded;

/// An order to erase personal data (yêu cầu xóa dữ liệu cá nhân).
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"order_number": "12/QĐ-UBND", "reason": "Chủ thể dữ liệu yêu cầu xóa."}))]
pub struct PersonalDataErasure {
    /// The document that orders it (số, ký hiệu văn bản yêu cầu).
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub order_number: String,
    /// Why (lý do), without personal data: the journal keeps it.
    #[validate(length(min = 1, max = 2000), custom(function = worded))]
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

impl PersonalDataErasure {
    /// Lets an order go on that a document gives.
    ///
    /// # Errors
    /// 422 for a number that no document has.
    pub fn must_be_ordered(&self) -> Result<(), ApiError> {
        match number_fault("/order_number", &self.order_number) {
            Some(fault) => Err(ApiError::invalid(vec![fault])),
            None => Ok(()),
        }
    }
}

/// Lets a record go on whose personal data stand.
///
/// # Errors
/// 409 once they were erased.
pub fn must_stand(erased_at: Option<Instant>) -> Result<(), ApiError> {
    match erased_at {
        None => Ok(()),
        Some(_) => Err(ApiError::detailed(
            Problem::PersonalDataErased,
            "Dữ liệu cá nhân của bản ghi đã được xóa theo yêu cầu: không được ghi lại và không đính kèm thêm tệp.",
            "The personal data of this record were erased on order: they are not told again, and no file is attached.",
        )),
    }
}

/// Erases what is kept of people beside a record: its files, and the answers that were given of it and them.
///
/// # Errors
/// When the database cannot be written.
pub fn erase_beside(tx: &mut WriteTx<'_>, record_type: RecordType, id: &str) -> Result<(), ApiError> {
    let files = attachments_erase(tx, record_type, id)?;
    let mut records = vec![id.to_owned()];
    records.extend(files.iter().map(ToString::to_string));
    erase_answers(tx.conn(), &records)
}
