//! Answers whose type only whoever asked knows. The doors run work of this one kind, so that what stands
//! behind them (threads, transactions, channels) is compiled once and not for each operation.

use std::any::Any;

use super::DbConn;
use crate::error::ApiError;

/// What a work answers, of whatever type.
pub(super) type Answer = Box<dyn Any + Send>;

/// What is done with a connection.
pub(super) type Work<T> = Box<dyn FnOnce(&mut DbConn) -> Result<T, ApiError> + Send>;

/// Work whose answer is told by [`told`].
pub(super) fn asked<T: Send + 'static>(
    work: impl FnOnce(&mut DbConn) -> Result<T, ApiError> + Send + 'static,
) -> Work<Answer> {
    Box::new(move |conn| {
        let answer: Answer = Box::new(work(conn)?);
        Ok(answer)
    })
}

/// The answer of work that answers this type.
///
/// # Errors
/// An internal fault where it answered another.
pub(super) fn told<T: 'static>(answer: Answer) -> Result<T, ApiError> {
    let told = answer.downcast::<T>().map(|answer| *answer);
    told.map_err(|_| ApiError::internal("a work gave an answer of another type"))
}
