//! What a satisfaction rating must satisfy, by itself and beside the dossier that it is of: pure.

use chrono::NaiveDate;

use super::model::{SatisfactionRatingCreate, SatisfactionRatingId};
use crate::dossiers::model::DossierId;
use kernel::error::{Bilingual, Fault};
use kernel::text::day_vi;
use kernel::tree::OrgUnitId;
use kernel::validity::day_faults;

/// What is known of a rated dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rated {
    pub(super) id: DossierId,
    /// The province that gave its code.
    pub(super) province: OrgUnitId,
    pub(super) receiving: OrgUnitId,
    pub(super) resolving: OrgUnitId,
    pub(super) received_on: NaiveDate,
    /// The rating that it has.
    pub(super) rating: Option<SatisfactionRatingId>,
}

impl Rated {
    fn is_of(&self, unit: OrgUnitId) -> bool {
        unit == self.receiving || unit == self.resolving
    }
}

/// Which of the dossiers of one code is rated: that of the rated unit, whichever province received it, for a
/// code stays with the dossier; else that of the province in which the unit stands.
#[must_use]
pub(super) fn meant(dossiers: &[Rated], unit: OrgUnitId, province: OrgUnitId) -> Option<&Rated> {
    let nearness = |dossier: &&Rated| (dossier.is_of(unit), dossier.province == province);
    dossiers.iter().max_by_key(nearness).filter(|dossier| nearness(dossier) != (false, false))
}

/// Faults that the body shows by itself.
#[must_use]
pub(super) fn faults(body: &SatisfactionRatingCreate, today: NaiveDate) -> Vec<Fault> {
    let mut faults: Vec<Fault> = day_faults([("/rated_on", Some(body.rated_on))]).collect();
    if body.rated_on > today {
        let message =
            Bilingual::new("Ngày đánh giá còn ở tương lai.", "The day of the rating is still to come.");
        faults.push(Fault::new("/rated_on", "in_future", message));
    }
    faults
}

/// Faults beside the dossier, where it is kept here.
#[must_use]
pub(super) fn faults_beside(unit: OrgUnitId, rated_on: NaiveDate, dossier: &Rated) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !dossier.is_of(unit) {
        let message = Bilingual::new(
            "Đơn vị này không tiếp nhận, cũng không giải quyết hồ sơ được đánh giá.",
            "This unit neither received nor resolves the dossier that is rated.",
        );
        faults.push(Fault::new("/dossier_code", "of_another_unit", message));
    }
    if rated_on < dossier.received_on {
        let day = dossier.received_on;
        let message = Bilingual::new(
            format!("Ngày đánh giá trước ngày tiếp nhận hồ sơ ({}).", day_vi(day)),
            format!("The day of the rating is before the dossier was received ({day})."),
        );
        faults.push(Fault::new("/rated_on", "before_receipt", message));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_is_of_a_unit_of_the_dossier_and_not_before_its_receipt() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let [province, receiving, resolving, other] = [(); 4].map(|()| OrgUnitId::new());
        let received_on = day("2026-11-02");
        let dossier =
            Rated { id: DossierId::new(), province, receiving, resolving, received_on, rating: None };
        let codes = |unit, on: &str| -> Vec<_> {
            faults_beside(unit, day(on), &dossier).iter().map(|fault| fault.code.to_string()).collect()
        };
        assert!(codes(receiving, "2026-11-02").is_empty());
        assert!(codes(resolving, "2026-11-03").is_empty());
        assert_eq!(codes(other, "2026-11-01"), ["of_another_unit", "before_receipt"]);
    }

    #[test]
    fn a_code_means_the_dossier_of_the_unit_before_that_of_its_province() {
        let [own, former, receiving, resolving, other] = [(); 5].map(|()| OrgUnitId::new());
        let of = |province, receiving, resolving| Rated {
            id: DossierId::new(),
            province,
            receiving,
            resolving,
            received_on: NaiveDate::MIN,
            rating: None,
        };
        let (handed_over, neighbours) = (of(former, receiving, resolving), of(own, other, other));
        let both = [handed_over, neighbours];
        assert_eq!(meant(&both, resolving, own), Some(&handed_over));
        assert_eq!(meant(&both, receiving, former), Some(&handed_over));
        assert_eq!(meant(&both, other, own), Some(&neighbours));
        assert_eq!(
            meant(&[neighbours], resolving, own),
            Some(&neighbours),
            "for the fault that it is another's"
        );
        assert_eq!(meant(&[handed_over], other, own), None);
        let of_both_provinces = [of(own, resolving, resolving), handed_over];
        assert_eq!(meant(&of_both_provinces, resolving, own), of_both_provinces.first());
    }
}
