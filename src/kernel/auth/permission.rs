//! The one table of who may do what: role x action x domain. Where over, is [`super::scope`].

use crate::text_enum;

text_enum! {
    /// Role of a grant (vai trò).
    pub enum Role {
        /// Runs the service: every action in every domain, ended units included.
        Admin => "admin", "quản trị viên";
        /// Takes the returns and reports of the units below, accepts them or sends them back.
        Reviewer => "reviewer", "người tiếp nhận, thẩm định";
        /// Files for the grant's unit.
        Editor => "editor", "người nhập liệu";
        /// Reads everything in scope, and the journal.
        Inspector => "inspector", "thanh tra";
        /// A system, by the scopes of its grant such as `tthc:write`.
        Client => "client", "hệ thống kết nối";
    }
}

text_enum! {
    /// Domain of the reform (lĩnh vực cải cách).
    pub enum Domain {
        /// Organization.
        Organization => "organization", "cải cách tổ chức bộ máy";
        /// Institutions.
        Institutions => "institutions", "cải cách thể chế";
        /// Administrative procedures.
        Tthc => "tthc", "cải cách thủ tục hành chính";
        /// Civil service.
        CivilService => "civil_service", "cải cách công vụ";
        /// Public finance.
        PublicFinance => "public_finance", "cải cách tài chính công";
        /// E-government.
        EGovernment => "e_government", "chính quyền điện tử, chính quyền số";
        /// Steering.
        Steering => "steering", "chỉ đạo, điều hành";
        /// Internal affairs.
        InternalAffairs => "internal_affairs", "công tác nội vụ";
        /// Reports, forms and scores.
        Reporting => "reporting", "thông tin, báo cáo";
    }
}

text_enum! {
    /// What someone wants to do (hành động).
    pub enum Action {
        /// Read records, returns and figures.
        Read => "read", "đọc";
        /// See the personal data of records in clear: names, identity numbers, telephones.
        ReadPersonal => "read_personal", "xem dữ liệu cá nhân";
        /// Erase the personal data of a record on order.
        ErasePersonal => "erase_personal", "xóa dữ liệu cá nhân theo yêu cầu";
        /// Make, change and delete them, and hand returns in.
        Write => "write", "ghi";
        /// Accept what units below have handed in, or send it back.
        Review => "review", "tiếp nhận, trả lại";
        /// Close a period for a unit, and reopen it.
        Close => "close", "khóa sổ, mở lại kỳ báo cáo";
        /// Read units, periods and other reference data.
        ReadReference => "read_reference", "đọc danh mục";
        /// Change reference data.
        WriteReference => "write_reference", "ghi danh mục";
        /// Read the journal.
        ReadJournal => "read_journal", "đọc nhật ký";
        /// Manage accounts and grants.
        Administer => "administer", "quản trị tài khoản";
    }
}

/// Whether a role allows an action, in the domains that its grant names. A client's row is what its
/// scopes can allow; [`scope_word`] says which scope.
#[must_use]
pub const fn allows(role: Role, action: Action) -> bool {
    use Action::{
        Administer, Close, ErasePersonal, Read, ReadJournal, ReadPersonal, ReadReference, Review, Write,
        WriteReference,
    };
    match action {
        ReadReference => true,
        Read => true,
        Write | ReadPersonal => matches!(role, Role::Admin | Role::Editor | Role::Client),
        Review | Close => matches!(role, Role::Admin | Role::Reviewer),
        ReadJournal => matches!(role, Role::Admin | Role::Inspector),
        ErasePersonal | WriteReference | Administer => matches!(role, Role::Admin),
    }
}

/// The word that stands for an action in a token's `scope`: `tthc:write`, `journal:read`. `None`
/// for what every token allows.
#[must_use]
pub fn scope_word(action: Action, domain: Domain) -> Option<String> {
    match action {
        Action::ReadReference => None,
        Action::Read => Some(format!("{domain}:read")),
        Action::ReadPersonal => Some(format!("{domain}:personal")),
        Action::ErasePersonal => Some(format!("{domain}:erase")),
        Action::Write => Some(format!("{domain}:write")),
        Action::Review => Some(format!("{domain}:review")),
        Action::Close => Some(format!("{domain}:close")),
        Action::WriteReference => Some("reference:write".into()),
        Action::ReadJournal => Some("journal:read".into()),
        Action::Administer => Some("accounts:write".into()),
    }
}

/// Whether a word is in a token only when it was asked for by name: whoever needs no personal data gets
/// none, whatever they might see.
#[must_use]
pub fn is_on_request(word: &str) -> bool {
    word.ends_with(":personal")
}

/// Whether these scope words allow an action; whoever may write may also read.
#[must_use]
pub fn scopes_allow<S: AsRef<str>>(scopes: &[S], action: Action, domain: Domain) -> bool {
    let has = |word: &str| scopes.iter().any(|scope| scope.as_ref() == word);
    match (action, scope_word(action, domain)) {
        (_, None) => true,
        (Action::Read, Some(word)) => has(&word) || has(&format!("{domain}:write")),
        (_, Some(word)) => has(&word),
    }
}

/// The table as Markdown, for the README.
#[must_use]
pub fn table() -> String {
    let mut table = String::from("| action |");
    for role in Role::ALL {
        table.push_str(&format!(" {role} |"));
    }
    table.push_str("\n| --- |");
    table.push_str(&" --- |".repeat(Role::ALL.len()));
    for action in Action::ALL {
        table.push_str(&format!("\n| `{action}` |"));
        for role in Role::ALL {
            let cell = match (allows(*role, *action), *role, *action) {
                (true, Role::Client, Action::ReadReference) => "yes",
                (true, Role::Client, _) => "by scope",
                (true, _, _) => "yes",
                (false, _, _) => "",
            };
            table.push_str(&format!(" {cell} |"));
        }
    }
    table.push('\n');
    table
}
