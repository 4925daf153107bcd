//! By whom a return is filed and for which period, as a body names them.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::auth::scope::Scoped;
use crate::db::DbConn;
use crate::db::schema::periods;
use crate::error::{ApiError, Bilingual, Fault, Problem};
use crate::load_held;
use crate::reporting::periods::{PeriodFacts, PeriodId};
use crate::successors::{not_in_force, unit_in_force};
use crate::tree::{OrgUnitId, Tier};
use crate::unit_reference::UnitName;
use crate::validity::day_faults;

/// The unit that files a return, and the period for which it does.
pub struct Filer {
    /// The unit.
    pub unit: OrgUnitId,
    /// Its province.
    pub province: OrgUnitId,
    /// The period.
    pub period: PeriodFacts,
    named_by: &'static str,
}

impl Filer {
    /// The unit that a body names, within the period; `of_tier` says what is wrong with it by its tier.
    ///
    /// # Errors
    /// 422 with the faults, to which those of the name are added.
    pub fn named(
        scoped: &Scoped,
        name: &UnitName<'_>,
        period: &PeriodFacts,
        mut faults: Vec<Fault>,
        of_tier: impl FnOnce(Tier) -> Option<Fault>,
    ) -> Result<Self, ApiError> {
        let tree = scoped.tree();
        // A unit that ended within the period still reports for its part of it, begun before it or not.
        let days = || {
            let of_change = tree.days_of_change(period.starts_on, period.ends_on);
            [period.ends_on, period.starts_on].into_iter().chain(of_change)
        };
        let unit = match days().find_map(|day| name.resolve(tree, day).ok()) {
            Some(unit) => unit,
            None => unit_in_force(tree, name, period.ends_on).map_err(|gone| outside(gone, name, period))?,
        };
        let Some(day) = days().find(|day| tree.in_force(unit, *day)) else {
            return Err(outside(not_in_force(tree, &[unit], period.ends_on), name, period));
        };
        match tree.tier_at(unit, day) {
            Some(tier) => faults.extend(of_tier(tier)),
            None => faults.push(not_within(name, period)),
        }
        if !faults.is_empty() {
            return Err(ApiError::invalid(faults));
        }
        let province = scoped.home_province(unit).ok_or_else(|| no_province(unit))?;
        Ok(Self { unit, province, period: period.clone(), named_by: name.pointer() })
    }

    /// 403 for a unit over which the account may not act, with its place in the body.
    #[must_use]
    pub fn out_of_reach(&self) -> ApiError {
        let message = Bilingual::new(
            "Đơn vị này nằm ngoài phạm vi được giao của tài khoản.",
            "This unit is outside what the account may act on.",
        );
        let fault = Fault::new(self.named_by, "out_of_reach", message);
        ApiError::new(Problem::Forbidden).with_faults(vec![fault])
    }
}

/// 422 for a unit that had ended by the period, or came after it, with its place in the body.
fn outside(refused: ApiError, name: &UnitName<'_>, period: &PeriodFacts) -> ApiError {
    match refused.problem() {
        Problem::UnitNotInForce => refused.with_faults(vec![not_within(name, period)]),
        _ => refused,
    }
}

fn not_within(name: &UnitName<'_>, period: &PeriodFacts) -> Fault {
    let message = Bilingual::new(
        format!("Đơn vị không tồn tại trong kỳ {}.", period.code),
        format!("The unit does not exist in the period {}.", period.code),
    );
    Fault::new(name.pointer(), "not_in_force", message)
}

fn no_province(unit: OrgUnitId) -> ApiError {
    ApiError::detailed(
        Problem::Invalid,
        "Đơn vị không thuộc tỉnh, thành phố nào nên không báo cáo số liệu này.",
        format!("The unit {unit} stands in no province and does not file this return."),
    )
}

/// How a body names its period: by id, or by its code in the calendar regime.
pub type PeriodName<'a> = (Option<PeriodId>, Option<&'a str>);

/// The periods that bodies name.
pub struct PeriodsNamed {
    by_id: HashMap<PeriodId, PeriodFacts>,
    by_code: HashMap<String, PeriodId>,
}

impl PeriodsNamed {
    /// Those that these bodies name, in one query.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load<'a>(
        conn: &mut DbConn,
        names: impl Iterator<Item = PeriodName<'a>>,
    ) -> Result<Self, ApiError> {
        let (mut ids, mut codes) = (HashSet::new(), HashSet::new());
        for (id, code) in names {
            ids.extend(id);
            codes.extend(code);
        }
        let calendar = periods::regime.eq("calendar").and(periods::code.eq_any(codes));
        let named = periods::deleted_at.is_null().and(periods::id.eq_any(ids).or(calendar));
        let found: Vec<PeriodFacts> = load_held!(
            conn,
            periods::table.filter(named).order_by(periods::id).select(PeriodFacts::as_select())
        )?;
        let by_code = found.iter().filter(|period| period.regime == "calendar");
        Ok(Self {
            by_code: by_code.map(|period| (period.code.clone(), period.id)).collect(),
            by_id: found.into_iter().map(|period| (period.id, period)).collect(),
        })
    }

    /// The period of a body.
    ///
    /// # Errors
    /// 422 when it names none, or in two ways.
    pub fn named(&self, (id, code): PeriodName<'_>) -> Result<&PeriodFacts, ApiError> {
        let fault = |pointer: &str, code: &'static str, vi: &'static str, en: &'static str| {
            ApiError::invalid(vec![Fault::new(pointer, code, Bilingual::new(vi, en))])
        };
        let (pointer, id) = match (id, code) {
            (Some(id), None) => ("/period_id", Some(id)),
            (None, Some(code)) => ("/period_code", self.by_code.get(code).copied()),
            _ => {
                return Err(fault(
                    "/period_code",
                    "exactly_one",
                    "Nêu đúng một trong period_id và period_code.",
                    "Give exactly one of period_id and period_code.",
                ));
            }
        };
        id.and_then(|id| self.by_id.get(&id)).ok_or_else(|| {
            fault(pointer, "unknown_period", "Không có kỳ báo cáo này.", "There is no such reporting period.")
        })
    }
}

/// The unit that files for another one: the one that employs the person, else the one over which the
/// account acts.
#[must_use]
pub fn filing_unit(scoped: &Scoped, unit: OrgUnitId) -> Option<OrgUnitId> {
    let own = scoped.principal()?.org_unit_id.or_else(|| scoped.acting_unit(unit));
    own.filter(|own| *own != unit)
}

/// Refuses another value of what names a return.
///
/// # Errors
/// 422 for each of these places whose value is not the same.
pub fn stays<'a>(same: impl IntoIterator<Item = (&'a str, bool)>) -> Result<(), ApiError> {
    let message = || {
        Bilingual::new(
            "Giá trị này xác định báo cáo nên không thay đổi được; hãy xóa và tạo báo cáo khác.",
            "This names the return and cannot change; delete it and make another.",
        )
    };
    let moved = same.into_iter().filter(|(_, same)| !same);
    let faults: Vec<_> =
        moved.map(|(pointer, _)| Fault::new(pointer, "names_the_return", message())).collect();
    if faults.is_empty() { Ok(()) } else { Err(ApiError::invalid(faults)) }
}

/// Faults of the days that a return says it really covers.
#[must_use]
pub fn span_faults(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([("/covers_from", from), ("/covers_to", to)]).collect();
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        let message =
            Bilingual::new("Ngày kết thúc trước ngày bắt đầu.", "The last day is before the first.");
        faults.push(Fault::new("/covers_to", "before_start", message));
    }
    faults
}

/// A return that says that nothing arose, beside a column that is not zero.
#[must_use]
pub fn not_nil() -> Fault {
    let message = Bilingual::new(
        "Báo cáo không phát sinh thì mọi cột phải bằng 0.",
        "Where nothing arose, every column is zero.",
    );
    Fault::new("/nil", "not_nil", message)
}
