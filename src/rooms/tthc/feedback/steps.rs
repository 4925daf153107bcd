//! The steps of feedback's life: each is what a correction would be, let through only where it may be
//! taken now.

use super::bodies::{CitizenFeedbackCreate, TakenStep};
use super::model::{CitizenFeedback, CitizenFeedbackId};
use super::rules;
use super::store::held_find;
use super::writes::CitizenFeedbacks;
use kernel::api::IfMatch;
use kernel::api::records::{Draft, Records, Row};
use kernel::auth::scope::Scoped;
use kernel::db::{Recorded, WriteTx};
use kernel::error::ApiError;

/// Takes a step.
///
/// # Errors
/// 404 when there is none in reach, 412 when it has changed, 422 with the steps that may be taken where
/// this one may not, or with what is wrong with it.
pub(super) fn feedback_step<S: TakenStep>(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: CitizenFeedbackId,
    expected: Option<&IfMatch>,
    step: S,
) -> Result<Recorded<CitizenFeedback>, ApiError> {
    let present = held_find(tx.conn(), scoped, id)?;
    expected.map_or(Ok(()), |expected| expected.check(present.row.version))?;
    rules::step(&present.row.times(), S::STEP)?;
    let whole = CitizenFeedbackCreate::of(present.row.clone(), scoped.personal_keys()?)?;
    let body = step.onto(whole, tx.at());
    let made = CitizenFeedbacks::made(tx, scoped, vec![Draft { body, present: Some(present) }])?;
    let mut rows = made.into_iter().collect::<Result<Vec<_>, _>>()?;
    rows.iter_mut().for_each(|row| row.revise(tx.at()));
    CitizenFeedbacks::save(tx, scoped, &rows)?.only()
}
