//! What a processing return must satisfy: pure, without database or HTTP.

use super::model::CarriedOverBasis;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::tree::Tier;

/// The leaf columns of a return: what a unit counts. Everything else is computed from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Columns {
    /// Taken in online.
    pub received_online: i64,
    /// Taken in in person.
    pub received_in_person: i64,
    /// Taken in by post.
    pub received_postal: i64,
    /// Carried over from the period before.
    pub carried_over: i64,
    /// Resolved before the due day.
    pub resolved_early: i64,
    /// Resolved on the due day.
    pub resolved_on_time: i64,
    /// Resolved after it.
    pub resolved_overdue: i64,
    /// Pending, not yet due.
    pub pending_in_time: i64,
    /// Pending, overdue.
    pub pending_overdue: i64,
    /// Withdrawn by the applicant.
    pub withdrawn: i64,
    /// Refused.
    pub refused: i64,
}

impl Columns {
    /// Columns 4 and 5 of the form: taken in within the period.
    #[must_use]
    pub const fn received_in_period(&self) -> i64 {
        self.received_online + self.received_direct()
    }

    /// Column 5: in person or by post.
    #[must_use]
    pub const fn received_direct(&self) -> i64 {
        self.received_in_person + self.received_postal
    }

    /// Column 3: taken in and carried over.
    #[must_use]
    pub const fn received_total(&self) -> i64 {
        self.received_in_period() + self.carried_over
    }

    /// Resolved, without what was withdrawn or refused.
    #[must_use]
    pub const fn resolved_total(&self) -> i64 {
        self.resolved_early + self.resolved_on_time + self.resolved_overdue
    }

    /// Column 11: pending.
    #[must_use]
    pub const fn pending_total(&self) -> i64 {
        self.pending_in_time + self.pending_overdue
    }

    /// What became of the dossiers: resolved, withdrawn, refused or pending.
    #[must_use]
    pub const fn accounted_for(&self) -> i64 {
        self.resolved_total() + self.withdrawn + self.refused + self.pending_total()
    }

    /// Taken in and carried over, less what is accounted for; zero when the form balances.
    #[must_use]
    pub const fn imbalance(&self) -> i64 {
        self.received_total() - self.accounted_for()
    }

    /// The carry-over that balances the form; below zero when more was taken in than is accounted for.
    #[must_use]
    pub const fn implied_carry_over(&self) -> i64 {
        self.accounted_for() - self.received_in_period()
    }

    /// The sum of two lines.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        self.combined(other, 1)
    }

    /// The difference of two lines.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        self.combined(other, -1)
    }

    const fn combined(self, other: Self, sign: i64) -> Self {
        Self {
            received_online: self.received_online + sign * other.received_online,
            received_in_person: self.received_in_person + sign * other.received_in_person,
            received_postal: self.received_postal + sign * other.received_postal,
            carried_over: self.carried_over + sign * other.carried_over,
            resolved_early: self.resolved_early + sign * other.resolved_early,
            resolved_on_time: self.resolved_on_time + sign * other.resolved_on_time,
            resolved_overdue: self.resolved_overdue + sign * other.resolved_overdue,
            pending_in_time: self.pending_in_time + sign * other.pending_in_time,
            pending_overdue: self.pending_overdue + sign * other.pending_overdue,
            withdrawn: self.withdrawn + sign * other.withdrawn,
            refused: self.refused + sign * other.refused,
        }
    }
}

/// The carry-over as it is stored: as stated, or for `implied` as the other columns give it (none
/// while they cannot).
///
/// # Errors
/// The faults of a carry-over that contradicts its basis.
pub fn carry_over(
    columns: &Columns,
    stated: Option<i64>,
    basis: Option<CarriedOverBasis>,
) -> Result<(Option<i64>, Option<CarriedOverBasis>), Fault> {
    let implied = columns.implied_carry_over();
    match (stated, basis) {
        (None, None) => Ok((None, None)),
        (Some(count), None | Some(CarriedOverBasis::Stated)) => {
            Ok((Some(count), Some(CarriedOverBasis::Stated)))
        }
        (None, Some(CarriedOverBasis::Stated)) => Err(Fault::new(
            "/carried_over",
            "required",
            Bilingual::new(
                "Phải nêu số hồ sơ kỳ trước chuyển sang khi căn cứ của số đó là đơn vị báo cáo (`stated`).",
                "State the dossiers carried over when `carried_over_basis` is `stated`.",
            ),
        )),
        (None, Some(CarriedOverBasis::Implied)) => {
            Ok(((implied >= 0).then_some(implied), Some(CarriedOverBasis::Implied)))
        }
        (Some(count), Some(CarriedOverBasis::Implied)) if count == implied => {
            Ok((Some(count), Some(CarriedOverBasis::Implied)))
        }
        (Some(_), Some(CarriedOverBasis::Implied)) => Err(Fault::new(
            "/carried_over",
            "not_the_implied_one",
            Bilingual::new(
                format!(
                    "Số kỳ trước chuyển sang suy ra từ các cột khác là {implied}; hãy bỏ trống số này hoặc chọn căn cứ là đơn vị báo cáo (`stated`)."
                ),
                format!(
                    "The carry-over that follows from the other columns is {implied}; leave it out, or choose `stated`."
                ),
            ),
        )),
    }
}

/// Refuses a return whose form does not balance, in words that a civil servant understands.
///
/// # Errors
/// 422 `unbalanced` with the exact difference.
pub fn balanced(columns: &Columns, basis: Option<CarriedOverBasis>) -> Result<(), ApiError> {
    let difference = columns.imbalance();
    if difference == 0 {
        return Ok(());
    }
    let (received, in_period, carried) =
        (columns.received_total(), columns.received_in_period(), columns.carried_over);
    let (resolved, pending) = (columns.resolved_total(), columns.pending_total());
    let (withdrawn, refused, accounted) = (columns.withdrawn, columns.refused, columns.accounted_for());
    let missing = difference.abs();
    let (advice_vi, advice_en) = match (difference < 0, basis) {
        (true, None) => (
            format!(
                "Nếu {missing} hồ sơ này là kỳ trước chuyển sang, hãy nhập {missing} vào cột kỳ trước chuyển sang (`carried_over`), hoặc chọn căn cứ là suy ra từ các cột khác (`carried_over_basis`: `implied`)."
            ),
            format!(
                "If these {missing} were carried over from the period before, state {missing} as `carried_over`, or choose `implied` as `carried_over_basis`."
            ),
        ),
        (true, Some(_)) => (
            format!("Số tiếp nhận và chuyển kỳ còn thiếu {missing} hồ sơ."),
            format!("Received and carried over fall short by {missing}."),
        ),
        (false, _) => (
            format!(
                "Còn {missing} hồ sơ đã tiếp nhận nhưng chưa có kết quả, rút, từ chối hay đang giải quyết."
            ),
            format!(
                "{missing} dossiers were received but are neither resolved, withdrawn, refused nor pending."
            ),
        ),
    };
    Err(ApiError::detailed(
        Problem::Unbalanced,
        format!(
            "Tổng tiếp nhận là {received} (trong kỳ {in_period} + kỳ trước chuyển sang {carried}), nhưng đã giải quyết {resolved} + rút {withdrawn} + từ chối {refused} + đang giải quyết {pending} = {accounted}: lệch {missing} hồ sơ. {advice_vi}"
        ),
        format!(
            "Received in total: {received} ({in_period} in the period + {carried} carried over), but resolved {resolved} + withdrawn {withdrawn} + refused {refused} + pending {pending} = {accounted}: {missing} dossiers apart. {advice_en}"
        ),
    )
    .with_member("difference", difference.into()))
}

/// Whether a unit may state figures of a handling level: its own or one below.
///
/// # Errors
/// The fault, for a level above the unit's.
pub fn level_of_unit(unit: Tier, level: Tier) -> Result<(), Fault> {
    if level >= unit {
        return Ok(());
    }
    Err(Fault::new(
        "/handling_level",
        "above_the_unit",
        Bilingual::new(
            format!("Đơn vị {} không báo cáo số liệu của {}.", unit.label_vi(), level.label_vi()),
            format!("A unit of the {unit} tier does not report what the {level} level handles."),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PHUNG_HIEP: Columns = Columns {
        received_online: 1_882,
        received_in_person: 5_395,
        received_postal: 0,
        carried_over: 0,
        resolved_early: 6_986,
        resolved_on_time: 88,
        resolved_overdue: 13,
        pending_in_time: 642,
        pending_overdue: 2,
        withdrawn: 6,
        refused: 13,
    };

    #[test]
    fn the_district_of_the_report_must_have_carried_473_over() {
        assert_eq!(PHUNG_HIEP.implied_carry_over(), 473);
        let refusal = balanced(&PHUNG_HIEP, None).unwrap_err().to_string();
        assert!(refusal.contains("473 dossiers apart"), "{refusal}");
        let (carried_over, basis) = carry_over(&PHUNG_HIEP, None, Some(CarriedOverBasis::Implied)).unwrap();
        let whole = Columns { carried_over: carried_over.unwrap(), ..PHUNG_HIEP };
        assert_eq!((whole.received_total(), whole.imbalance()), (7_750, 0));
        assert!(balanced(&whole, basis).is_ok());
    }

    #[test]
    fn more_received_than_accounted_for_implies_nothing() {
        let columns = Columns { received_online: 5, ..Columns::default() };
        assert_eq!(carry_over(&columns, None, Some(CarriedOverBasis::Implied)).unwrap().0, None);
        assert!(balanced(&columns, Some(CarriedOverBasis::Implied)).is_err());
    }

    #[test]
    fn a_commune_states_nothing_for_its_district() {
        assert!(level_of_unit(Tier::Commune, Tier::District).is_err());
        assert!(level_of_unit(Tier::District, Tier::Commune).is_ok());
    }

    fn columns() -> impl Strategy<Value = Columns> {
        proptest::array::uniform11(0_i64..1_000_000).prop_map(|n| Columns {
            received_online: n[0],
            received_in_person: n[1],
            received_postal: n[2],
            carried_over: n[3],
            resolved_early: n[4],
            resolved_on_time: n[5],
            resolved_overdue: n[6],
            pending_in_time: n[7],
            pending_overdue: n[8],
            withdrawn: n[9],
            refused: n[10],
        })
    }

    proptest! {
        #[test]
        fn an_implied_carry_over_always_balances(columns in columns()) {
            if let (Some(carried_over), _) = carry_over(&columns, None, Some(CarriedOverBasis::Implied)).unwrap() {
                let whole = Columns { carried_over, ..columns };
                prop_assert_eq!(whole.imbalance(), 0);
            } else {
                prop_assert!(columns.implied_carry_over() < 0);
            }
        }

        #[test]
        fn sums_of_balanced_lines_balance(a in columns(), b in columns()) {
            let both = a.plus(b);
            prop_assert_eq!(both.imbalance(), a.imbalance() + b.imbalance());
            prop_assert_eq!(both.minus(b), a);
        }
    }
}
