//! Linked dossiers (hồ sơ liên thông): one that is a part of another is counted through that one, its main. A main is
//! held in a province of its part, or comes with it, and is itself no part: so each counts once, and never in a
//! circle. Only a new link is held against the others, which keep it true from then on.
//!
//! On PostgreSQL whoever makes a link holds the main, and a dossier that becomes a part, until the transaction ends,
//! and so does whoever deletes a main: the next who does waits, and then finds what this one wrote. Two who link the
//! same dossiers crosswise at once wait for each other; one of them is told to try again (503).

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::codes::code_fault;
use super::model::{DossierCreate, DossierId};
use super::row::{DossierRow, HeldDossier};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::dossiers;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::load_locked;
use kernel::tree::OrgUnitId;

/// What of a dossier says how it is linked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = dossiers)]
struct Linked {
    id: DossierId,
    code: String,
    linked_code: Option<String>,
    province_id: OrgUnitId,
    receiving_province_id: OrgUnitId,
}

impl Linked {
    fn of(row: &DossierRow) -> Self {
        Self {
            id: row.id,
            code: row.code.clone(),
            linked_code: row.linked_code.clone(),
            province_id: row.province_id,
            receiving_province_id: row.receiving_province_id,
        }
    }

    /// Whether the other is a part of it. A code is unique in a province only.
    fn is_main_of(&self, part: &Self) -> bool {
        let provinces = [self.province_id, self.receiving_province_id];
        self.id != part.id
            && part.linked_code.as_ref() == Some(&self.code)
            && (provinces.contains(&part.province_id) || provinces.contains(&part.receiving_province_id))
    }
}

/// Whether a dossier becomes a part of another.
fn is_new(linked_code: Option<&String>, before: Option<&DossierRow>) -> bool {
    linked_code.is_some() && before.and_then(|row| row.linked_code.as_ref()) != linked_code
}

/// The dossiers against which new links are held; none where there is no new one.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Linked>);

impl Links {
    /// The dossiers that these bodies link to, and the parts of those that become parts themselves.
    pub(super) fn load<'a>(
        conn: &mut DbConn,
        told: impl Iterator<Item = (&'a DossierCreate, Option<&'a DossierRow>)>,
    ) -> Result<Self, ApiError> {
        use dossiers as d;
        let (mut codes, mut own) = (HashSet::new(), HashSet::new());
        for (body, row) in told.filter(|(body, row)| is_new(body.linked_code.as_ref(), *row)) {
            codes.extend(body.linked_code.as_deref().filter(|code| code_fault("", code).is_none()));
            own.extend(row.map(|row| row.code.as_str()));
        }
        if codes.is_empty() {
            return Ok(Self::default());
        }
        codes.extend(own.iter().copied());
        let standing = d::code.eq_any(codes).and(d::deleted_at.is_null());
        // In the order in which dossiers are written.
        let mut known: Vec<Linked> = load_locked!(
            conn,
            d::table.filter(standing).order_by((d::code, d::id)).select(Linked::as_select())
        )?;
        if !own.is_empty() {
            known.extend(parts_of(conn, own)?);
        }
        Ok(Self(known))
    }

    /// Holds the new links of made dossiers against those that are held and those that come together.
    pub(super) fn held_against(
        &self,
        made: Vec<Result<HeldDossier, ApiError>>,
    ) -> Vec<Result<HeldDossier, ApiError>> {
        let links_anew = |held: &HeldDossier| is_new(held.row.linked_code.as_ref(), held.before.as_deref());
        if !made.iter().flatten().any(links_anew) {
            return made;
        }
        // A dossier that is changed is as it will be.
        let held = self.0.iter().map(|one| (one.id, one.clone()));
        let together = made.iter().flatten().map(|held| (held.row.id, Linked::of(&held.row)));
        let known = Known::of(held.chain(together).collect());
        let checked = |made: Result<HeldDossier, ApiError>| {
            let held = made?;
            let faults = if links_anew(&held) { known.faults(&Linked::of(&held.row)) } else { Vec::new() };
            if faults.is_empty() { Ok(held) } else { Err(ApiError::invalid(faults)) }
        };
        made.into_iter().map(checked).collect()
    }
}

/// Dossiers by their code, and by that to which they are linked.
struct Known {
    by_code: HashMap<String, Vec<Linked>>,
    by_main: HashMap<String, Vec<Linked>>,
}

impl Known {
    fn of(all: HashMap<DossierId, Linked>) -> Self {
        let (mut by_code, mut by_main) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for one in all.into_values() {
            if let Some(main) = &one.linked_code {
                by_main.entry(main.clone()).or_default().push(one.clone());
            }
            by_code.entry(one.code.clone()).or_default().push(one);
        }
        Self { by_code, by_main }
    }

    /// What is wrong with a dossier that is linked to another.
    fn faults(&self, part: &Linked) -> Vec<Fault> {
        let of_code = |code: &String| self.by_code.get(code).map(Vec::as_slice).unwrap_or_default();
        let named = part.linked_code.as_ref().map(of_code).unwrap_or_default();
        let mut mains = named.iter().filter(|main| main.is_main_of(part)).peekable();
        let mut faults = Vec::new();
        if mains.peek().is_none() {
            faults.push(unknown_dossier());
        } else if mains.all(|main| main.linked_code.is_some()) {
            faults.push(linked_itself());
        }
        let parts = self.by_main.get(&part.code).map(Vec::as_slice).unwrap_or_default();
        faults.extend(parts.iter().any(|other| part.is_main_of(other)).then(has_parts));
        faults
    }
}

/// The dossiers that are linked to these codes.
fn linked_to<'a>(codes: impl IntoIterator<Item = &'a str>) -> dossiers::BoxedQuery<'a, MultiBackend> {
    use dossiers as d;
    let codes: Vec<&str> = codes.into_iter().collect();
    d::table.filter(d::linked_code.eq_any(codes).and(d::deleted_at.is_null())).into_boxed()
}

fn parts_of<'a>(
    conn: &mut DbConn,
    codes: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Linked>, ApiError> {
    Ok(linked_to(codes).select(Linked::as_select()).load(conn)?)
}

/// Lets nobody delete a dossier of which others are parts: they would not be counted any more.
///
/// # Errors
/// 409 where there are any.
pub(super) fn must_have_no_parts(conn: &mut DbConn, row: &DossierRow) -> Result<(), ApiError> {
    use dossiers as d;
    // Who links to it now holds it: they are waited for, and what they wrote is found.
    let _: Vec<DossierId> = load_locked!(conn, d::table.filter(d::id.eq(row.id)).select(d::id))?;
    let this = Linked::of(row);
    match parts_of(conn, [row.code.as_str()])?.iter().filter(|part| this.is_main_of(part)).count() {
        0 => Ok(()),
        count => Err(ApiError::detailed(
            Problem::InUse,
            format!(
                "Còn {count} hồ sơ thành phần liên thông với hồ sơ này; hãy bỏ liên kết hoặc xóa chúng trước."
            ),
            format!("{count} dossiers are parts of this one; unlink or delete them first."),
        )),
    }
}

fn unknown_dossier() -> Fault {
    let message = Bilingual::new(
        "Không có hồ sơ liên thông gốc mang mã này trong tỉnh; hãy gửi hồ sơ gốc trước, hoặc trong cùng một lô.",
        "No dossier of this code is held in the province; send the main one before, or in the same batch.",
    );
    Fault::new("/linked_code", "unknown_dossier", message)
}

fn linked_itself() -> Fault {
    let message = Bilingual::new(
        "Hồ sơ mang mã này là thành phần của hồ sơ khác; hãy liên kết với hồ sơ gốc của nó.",
        "The dossier of this code is itself a part of another; link to its main one.",
    );
    Fault::new("/linked_code", "linked_itself", message)
}

fn has_parts() -> Fault {
    let message = Bilingual::new(
        "Hồ sơ này là hồ sơ gốc của hồ sơ khác nên không thể là thành phần; hãy bỏ các liên kết đó trước.",
        "Others are parts of this dossier, so that it cannot be one itself; unlink them first.",
    );
    Fault::new("/linked_code", "has_parts", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};

    fn codes(all: &[Linked], part: &Linked) -> Vec<String> {
        let known = Known::of(all.iter().map(|one| (one.id, one.clone())).collect());
        known.faults(part).into_iter().map(|fault| fault.code.into_owned()).collect()
    }

    #[test]
    fn each_counts_through_a_main_that_is_no_part() {
        let (here, there) = (OrgUnitId::new(), OrgUnitId::new());
        let dossier = |code: &str, main: Option<&str>, province: OrgUnitId| Linked {
            id: DossierId::new(),
            code: code.to_owned(),
            linked_code: main.map(str::to_owned),
            province_id: province,
            receiving_province_id: province,
        };
        let (main, part) = (dossier("A", None, here), dossier("B", Some("A"), here));
        assert_eq!(codes(&[main.clone(), part.clone()], &part), [""; 0]);
        assert_eq!(codes(std::slice::from_ref(&part), &part), ["unknown_dossier"]);
        let elsewhere = dossier("A", None, there);
        assert_eq!(codes(&[elsewhere.clone(), part.clone()], &part), ["unknown_dossier"]);
        let handed_over = Linked { province_id: here, ..elsewhere };
        assert_eq!(codes(&[handed_over, part.clone()], &part), [""; 0]);
        // Each of a circle is refused, and so is each link of a chain that is too long.
        let circle = [dossier("A", Some("B"), here), part.clone()];
        for one in &circle {
            assert_eq!(codes(&circle, one), ["linked_itself", "has_parts"]);
        }
        let deep = dossier("C", Some("B"), here);
        let chain = [main, part.clone(), deep.clone()];
        assert_eq!(codes(&chain, &deep), ["linked_itself"]);
        assert_eq!(codes(&chain, &part), ["has_parts"]);
    }

    #[test]
    fn parts_are_found_by_their_index() {
        let query = || linked_to(["H13.44-261102-0001"]).select(Linked::as_select());
        let (_folder, mut conn) = migrated();
        let told = plan(&mut conn, query());
        assert!(told.iter().any(|step| step.contains("dossiers_linked")), "{told:?}");
        if let Some(mut postgres) = MigratedPostgres::new() {
            let told = postgres_plan(postgres.conn(), query());
            assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:?}");
        }
    }
}
