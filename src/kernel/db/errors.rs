//! From what a database says to the problem a client sees.

use diesel::result::{DatabaseErrorKind, Error};

use crate::error::{ApiError, Problem};

/// Messages of the drivers that mean "not now" rather than "a fault of ours". Neither driver hands
/// diesel a machine code for them.
const PASSING: &[&str] = &[
    "database is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "readonly database",
    "No space left on device",
    "server closed the connection",
    "connection to server",
    "terminating connection",
    "the database system is",
    "no connection to the server",
    "SSL connection has been closed",
    "could not extend file",
    "canceling statement due to lock timeout",
    "deadlock detected",
    // No room in the table of locks, which all sessions share.
    "out of shared memory",
];

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match &error {
            Error::NotFound => Self::not_found(),
            Error::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation => Self::new(Problem::Duplicate),
                DatabaseErrorKind::ForeignKeyViolation => Self::new(Problem::InUse),
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::UnableToSendCommand => Self::unavailable(error),
                _ if PASSING.iter().any(|text| info.message().contains(text)) => Self::unavailable(error),
                _ => Self::internal(error),
            },
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}
