//! What a grant may be by itself: pure rules over what is asked for.

use chrono::NaiveDate;

use super::model::GrantCreate;
use crate::auth::permission::{Domain, Role};
use crate::auth::principal::FILE_FOR_CHILDREN;
use crate::error::{Bilingual, Fault};
use crate::validity::{OPEN_END, span_faults};

/// The scope word of a client that reads reference data only.
pub const REFERENCE_READ: &str = "reference:read";

/// What is wrong with a grant by itself: whose it is, which scopes its role can have, its days.
#[must_use]
pub fn grant_faults(body: &GrantCreate, valid_from: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (persons, systems) = body.named();
    if persons + systems != 1 {
        faults.push(Fault::new(
            "/username",
            "exactly_one",
            Bilingual::new(
                "Nêu đúng một trong `user_id`, `username`, `client_id` và `client_code`.",
                "Give exactly one of `user_id`, `username`, `client_id` and `client_code`.",
            ),
        ));
    } else if (body.role == Role::Client) != (systems == 1) {
        faults.push(Fault::new(
            "/role",
            "role_of_account",
            Bilingual::new(
                "Vai trò client chỉ dành cho hệ thống, các vai trò khác chỉ dành cho người dùng.",
                "The role client is for systems only, every other role for people only.",
            ),
        ));
    }
    if body.role == Role::Client && systems == 1 && body.scopes.is_empty() {
        faults.push(Fault::new(
            "/scopes",
            "required",
            Bilingual::new(
                "Phải nêu hệ thống được làm gì, ví dụ tthc:write.",
                "Say what the system may do, such as tthc:write.",
            ),
        ));
    }
    for (index, word) in body.scopes.iter().enumerate() {
        if !scope_fits(body.role, word) {
            faults.push(Fault::new(
                format!("/scopes/{index}"),
                "scope_of_role",
                Bilingual::new(
                    format!("Vai trò {} không dùng được phạm vi thao tác này.", body.role.label_vi()),
                    format!("The role {} cannot have this scope.", body.role),
                ),
            ));
        }
    }
    faults.extend(span_faults((valid_from, body.valid_to.unwrap_or(OPEN_END)), &[]));
    faults
}

/// Whether a role can have a scope word.
fn scope_fits(role: Role, word: &str) -> bool {
    match role {
        Role::Client => {
            let of_domain =
                |verb: &str| word.strip_suffix(verb).is_some_and(|domain| domain.parse::<Domain>().is_ok());
            word == REFERENCE_READ || of_domain(":read") || of_domain(":write")
        }
        Role::Editor => word == FILE_FOR_CHILDREN,
        Role::Admin | Role::Reviewer | Role::Inspector => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::principal::{ClientId, UserId};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn body(role: Role, scopes: &[&str]) -> GrantCreate {
        let is_client = role == Role::Client;
        GrantCreate {
            user_id: (!is_client).then(UserId::new),
            username: None,
            client_id: is_client.then(ClientId::new),
            client_code: None,
            role,
            org_unit_id: None,
            org_unit_identifier: None,
            org_unit_code: None,
            domains: Vec::new(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            valid_from: None,
            valid_to: None,
        }
    }

    fn codes(body: &GrantCreate) -> Vec<(String, String)> {
        let faults = grant_faults(body, day("2026-01-01"));
        faults.into_iter().map(|fault| (fault.pointer, fault.code.into_owned())).collect()
    }

    #[test]
    fn each_role_has_its_own_scope_words() {
        for domain in Domain::ALL {
            assert!(
                codes(&body(Role::Client, &[&format!("{domain}:read"), &format!("{domain}:write")]))
                    .is_empty()
            );
        }
        assert!(codes(&body(Role::Client, &["reference:read"])).is_empty());
        assert!(codes(&body(Role::Editor, &["file-for-children"])).is_empty());
        for role in Role::ALL.iter().filter(|role| **role != Role::Client) {
            assert!(codes(&body(*role, &[])).is_empty(), "{role}");
            assert_eq!(codes(&body(*role, &["tthc:write"])), [("/scopes/0".into(), "scope_of_role".into())]);
        }
        assert_eq!(codes(&body(Role::Client, &[])), [("/scopes".into(), "required".into())]);
        for word in ["tthc:review", "accounts:write", "journal:read", "reference:write", "x:read", "tthc", ""]
        {
            let found = codes(&body(Role::Client, &["tthc:read", word]));
            assert_eq!(found, [("/scopes/1".into(), "scope_of_role".into())], "{word}");
        }
    }

    #[test]
    fn a_grant_has_one_account_of_the_right_kind() {
        let neither = GrantCreate { user_id: None, ..body(Role::Editor, &[]) };
        let both = GrantCreate { client_id: Some(ClientId::new()), ..body(Role::Editor, &[]) };
        let named_twice = GrantCreate { username: Some("can.bo".into()), ..body(Role::Editor, &[]) };
        for wrong in [neither, both, named_twice] {
            assert_eq!(codes(&wrong), [("/username".into(), "exactly_one".into())]);
        }
        let by_name =
            GrantCreate { user_id: None, username: Some("can.bo".into()), ..body(Role::Editor, &[]) };
        assert_eq!(codes(&by_name), []);
        let system = GrantCreate { role: Role::Admin, scopes: Vec::new(), ..body(Role::Client, &[]) };
        let person = GrantCreate { role: Role::Client, ..body(Role::Editor, &[]) };
        assert_eq!(codes(&system), [("/role".into(), "role_of_account".into())]);
        assert_eq!(codes(&person), [("/role".into(), "role_of_account".into())]);
    }

    #[test]
    fn a_grant_ends_after_it_began() {
        let until = |to: &str| GrantCreate { valid_to: Some(day(to)), ..body(Role::Editor, &[]) };
        assert!(codes(&until("2026-01-02")).is_empty());
        assert_eq!(codes(&until("2026-01-01")), [("/valid_to".into(), "before_start".into())]);
    }
}
