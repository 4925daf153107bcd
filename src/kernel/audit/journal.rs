//! One journal row a write, in the write's own transaction. Personal fields stand in it masked
//! only, so that a person's data can be erased from the records.

use super::chain::{self, JournalRow};
use crate::db::DbConn;
use crate::db::types::Instant;
use crate::error::ApiError;
use crate::record_types::RecordType;
use crate::{id, text_enum};

id! {
    /// Id of a journal entry (mục nhật ký).
    JournalEntryId
}

text_enum! {
    /// Kind of actor (loại tác nhân).
    pub enum ActorKind {
        /// A person with an account.
        User => "user", "người dùng";
        /// A system with a client id.
        Client => "client", "hệ thống";
        /// A command on the server itself.
        Operator => "operator", "vận hành viên";
    }
}

text_enum! {
    /// What was done (hành động).
    pub enum JournalAction {
        /// A record was made.
        Create => "create", "tạo mới";
        /// A record was changed.
        Update => "update", "cập nhật";
        /// A record was deleted; its last content stays here.
        Delete => "delete", "xóa";
        /// Personal data of a record were seen in clear.
        ReadPersonal => "read_personal", "xem dữ liệu cá nhân";
        /// Personal data of a record were erased on order.
        ErasePersonal => "erase_personal", "xóa dữ liệu cá nhân";
        /// A return was handed to the reviewer.
        Submit => "submit", "gửi";
        /// A return was accepted.
        Accept => "accept", "tiếp nhận";
        /// A return was sent back with reasons.
        SendBack => "send_back", "trả lại";
        /// A period was closed for a unit.
        Close => "close", "khóa sổ";
        /// A closed period was reopened.
        Reopen => "reopen", "mở lại kỳ";
        /// A session began.
        SignIn => "sign_in", "đăng nhập";
        /// A session ended.
        SignOut => "sign_out", "đăng xuất";
        /// A used refresh token came back: its whole family was revoked.
        RevokeFamily => "revoke_family", "thu hồi phiên";
        /// A password was changed.
        ChangePassword => "change_password", "đổi mật khẩu";
        /// A new signing key was added.
        RotateKey => "rotate_key", "thay khóa ký";
    }
}

/// Who writes, in which request, at what time.
#[derive(Debug, Clone)]
pub struct Author {
    kind: ActorKind,
    id: String,
    request_id: String,
    at: Instant,
}

impl Author {
    /// An actor known by the access token of a request.
    pub(crate) fn new(
        kind: ActorKind,
        id: impl Into<String>,
        request_id: impl Into<String>,
        at: Instant,
    ) -> Self {
        Self { kind, id: id.into(), request_id: request_id.into(), at }
    }

    /// A command on the server itself, such as `import units`.
    pub fn operator(command: &str, at: Instant) -> Self {
        Self::new(ActorKind::Operator, command, "", at)
    }

    /// The same at a later moment: a command that works for long dates each of its parts.
    pub(crate) fn at_moment(self, at: Instant) -> Self {
        Self { at, ..self }
    }

    /// What kind of actor.
    #[must_use]
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The actor's id; for an operator the command.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The time of the request.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }
}

/// Leave to write a record that the closing of a period binds. Whoever knows the closings gives it:
/// [`OpenPeriods`](crate::reporting::closed_periods::OpenPeriods), and nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave(());

impl Leave {
    /// What the closings allow.
    pub(crate) const fn given() -> Self {
        Self(())
    }
}

/// What is written down of a change.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done.
    pub action: JournalAction,
    /// The record's type: the singular of its resource, such as `processing_return`.
    pub record_type: &'static str,
    /// The record's id.
    pub record_id: String,
    /// The record's version after the change.
    pub record_version: i64,
    /// The unit that the record belongs to, if any.
    pub org_unit_id: Option<String>,
    /// The province that the record belongs to, if any.
    pub province_id: Option<String>,
    /// The other unit in whose hands the record is, if any: it is told of the change too.
    second_unit_id: Option<String>,
    /// The province of that unit.
    second_province_id: Option<String>,
    /// The record after the change (for a deletion: before it) as JSON, personal fields masked.
    pub content: String,
    leave: Option<Leave>,
}

impl Entry {
    /// An entry about this record, which belongs to no unit.
    pub fn new<C: serde::Serialize>(
        action: JournalAction,
        record_type: &'static str,
        record_id: impl std::fmt::Display,
        record_version: i64,
        content: &C,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            action,
            record_type,
            record_id: record_id.to_string(),
            record_version,
            org_unit_id: None,
            province_id: None,
            second_unit_id: None,
            second_province_id: None,
            content: serde_json::to_string(content).map_err(ApiError::internal)?,
            leave: None,
        })
    }

    /// The same entry with the leave that its kind of record needs.
    #[must_use]
    pub fn with_leave(self, leave: Leave) -> Self {
        Self { leave: Some(leave), ..self }
    }

    /// Refuses a change that the closing of a period might forbid and that did not ask: a new kind of
    /// return cannot forget to.
    fn is_allowed(&self) -> Result<(), ApiError> {
        let bound = self.record_type.parse().is_ok_and(RecordType::is_bound_by_closings);
        if bound && self.leave.is_none() {
            let record_type = self.record_type;
            return Err(ApiError::internal(format!("a {record_type} was written without leave")));
        }
        Ok(())
    }

    /// The same entry for a record of this unit and province.
    #[must_use]
    pub fn of_unit(mut self, org_unit_id: impl std::fmt::Display, province_id: Option<String>) -> Self {
        self.org_unit_id = Some(org_unit_id.to_string());
        self.province_id = province_id;
        self
    }

    /// The same entry for a record that is in the hands of this unit too.
    #[must_use]
    pub fn and_unit(
        mut self,
        org_unit_id: impl std::fmt::Display,
        province_id: impl std::fmt::Display,
    ) -> Self {
        self.second_unit_id = Some(org_unit_id.to_string());
        self.second_province_id = Some(province_id.to_string());
        self
    }
}

impl JournalRow {
    fn new(author: &Author, entry: Entry) -> Self {
        Self {
            id: JournalEntryId::new(),
            recorded_at: author.at,
            actor_kind: author.kind,
            actor_id: author.id.clone(),
            request_id: author.request_id.clone(),
            action: entry.action,
            record_type: entry.record_type.to_owned(),
            record_id: entry.record_id,
            record_version: entry.record_version,
            org_unit_id: entry.org_unit_id,
            province_id: entry.province_id,
            content: entry.content,
            second_unit_id: entry.second_unit_id,
            second_province_id: entry.second_province_id,
        }
    }
}

/// Stores entries in their order, and what their records are found by from now on.
pub(crate) fn append(
    conn: &mut DbConn,
    author: &Author,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<(), ApiError> {
    let row = |entry: Entry| entry.is_allowed().map(|()| JournalRow::new(author, entry));
    let rows: Vec<JournalRow> = entries.into_iter().map(row).collect::<Result<_, _>>()?;
    crate::search::keep(conn, &rows)?;
    chain::store(conn, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_is_not_written_down_without_leave() {
        let entry = |record_type| Entry::new(JournalAction::Create, record_type, "1", 1, &"{}").unwrap();
        assert!(entry("processing_return").is_allowed().is_err());
        assert!(entry("processing_return").with_leave(Leave::given()).is_allowed().is_ok());
        for other in ["period", "period_closure", "session"] {
            assert!(entry(other).is_allowed().is_ok(), "{other}");
        }
    }
}
