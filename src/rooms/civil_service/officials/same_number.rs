//! Officials of one identity number under several employee codes (một số định danh, nhiều mã hồ sơ): someone who was
//! listed twice, or a number that was mistyped. How many there are is told and never who, and of those in the
//! account's reach alone; whoever may see personal data finds them by the number.

use std::collections::{HashMap, HashSet};

use diesel::dsl::{self, count_star};
use diesel::prelude::*;

use super::model::OfficialRow;
use kernel::auth::scope::{Confinement, Scoped};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::officials;
use kernel::error::{ApiError, Bilingual};
use kernel::remarks::Remark;
use kernel::rules::Rule;
use kernel::within_reach;

type ByNumber = dsl::Select<
    dsl::GroupBy<officials::table, officials::number_digest>,
    (officials::number_digest, dsl::count_star),
>;

/// How many officials in reach bear each of these numbers.
fn counted<'a>(
    digests: HashSet<&str>,
    reach: Option<&Confinement>,
) -> dsl::IntoBoxed<'a, ByNumber, MultiBackend> {
    use officials as o;
    let digests: Vec<String> = digests.into_iter().map(str::to_owned).collect();
    let by_number = o::table.group_by(o::number_digest).select((o::number_digest, count_star())).into_boxed();
    let numbered = o::number_digest.is_not_null().and(o::number_digest.assume_not_null().eq_any(digests));
    within_reach!(by_number.filter(o::deleted_at.is_null()).filter(numbered), reach, officials)
}

/// How many officials in an account's reach bear the numbers of some of them; none are known by default.
#[derive(Default)]
pub(super) struct Bearers(HashMap<String, i64>);

impl Bearers {
    /// Counts those of the numbers of these officials, of all in one query.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) fn of(conn: &mut DbConn, scoped: &Scoped, rows: &[OfficialRow]) -> Result<Self, ApiError> {
        let digests: HashSet<&str> = rows.iter().filter_map(|row| row.number_digest.as_deref()).collect();
        if digests.is_empty() || !Rule::SharedIdNumber.holds_on(scoped.today()) {
            return Ok(Self::default());
        }
        let reach = scoped.confinement();
        let counted: Vec<(Option<String>, i64)> = counted(digests, reach.as_ref()).load(conn)?;
        Ok(Self(counted.into_iter().filter_map(|(digest, count)| Some((digest?, count))).collect()))
    }

    /// What is noticed about an official beside these.
    pub(super) fn remarks(&self, row: &OfficialRow) -> Vec<Remark> {
        let bearers = row.number_digest.as_ref().and_then(|digest| self.0.get(digest)).copied();
        bearers.and_then(|bearers| shared(bearers - 1)).into_iter().collect()
    }
}

/// The remark on a number that others bear, too.
fn shared(others: i64) -> Option<Remark> {
    let message = || {
        Bilingual::new(
            format!(
                "Số định danh này còn được ghi cho {others} mã hồ sơ khác; có thể một người được ghi nhiều lần, hoặc số bị ghi sai."
            ),
            format!(
                "This identity number also stands under other employee codes ({others}): someone may be listed twice, or a number is wrong."
            ),
        )
    };
    (others > 0)
        .then(|| Remark::new("/person/id_number", Rule::SharedIdNumber, message()).with("others", others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::db::plan::{MigratedPostgres, migrated, plan, postgres_plan};
    use kernel::tree::OrgUnitId;

    #[test]
    fn a_number_of_one_official_is_not_remarked() {
        assert_eq!(shared(0), None);
        let remark = shared(2).unwrap();
        assert_eq!((remark.code, remark.numbers.get("others")), ("shared_id_number", Some(&2)));
    }

    #[test]
    fn who_bears_a_number_is_counted_from_its_index() {
        let reach = Confinement { provinces: vec![OrgUnitId::new()], units: vec![OrgUnitId::new()] };
        let (_folder, mut conn) = migrated();
        let mut postgres = MigratedPostgres::new();
        for reach in [None, Some(&reach)] {
            let query = || counted(HashSet::from(["one", "other"]), reach);
            let told = plan(&mut conn, query());
            assert!(told.iter().any(|step| step.contains("officials_of_number")), "{told:?}");
            if let Some(postgres) = &mut postgres {
                let told = postgres_plan(postgres.conn(), query());
                assert!(!told.iter().any(|step| step.contains("Seq Scan")), "{told:#?}");
            }
        }
    }
}
