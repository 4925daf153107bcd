//! Who stood behind a form when it was kept, and who does today (mức độ đầy đủ của số liệu).

use serde::Serialize;
use utoipa::ToSchema;

use kernel::tree::Tier;

/// How many units of a level have filed (số đơn vị đã gửi báo cáo trên tổng số).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormCoverageCount {
    /// How many administrative units of the level are in force: m of n of m (số đơn vị phải gửi).
    pub units_expected: i64,
    /// How many of them have filed: n of n of m (số đơn vị đã gửi).
    pub units_filed: i64,
    /// How many existed within the period and had ended by the day (số đơn vị đã kết thúc trong kỳ).
    pub ended_expected: i64,
    /// How many of these have filed (số đơn vị đã kết thúc và đã gửi).
    pub ended_filed: i64,
}

/// How many units of one level have filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelFiled {
    /// The level.
    pub level: Tier,
    /// The counts.
    pub count: FormCoverageCount,
}

/// Who has filed for a level, then and now (mức độ đầy đủ theo cấp, khi khóa sổ và hiện nay).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormCoverageDifference {
    /// The level (cấp giải quyết).
    pub handling_level: Tier,
    /// As it was when the period was closed (khi khóa sổ).
    pub kept: FormCoverageCount,
    /// As it is today (hiện nay).
    pub today: FormCoverageCount,
    /// Today's less the kept ones (chênh lệch).
    pub difference: FormCoverageCount,
}

/// Every level of either form, in the order of today's, with how many had filed and have.
#[must_use]
pub fn coverage_differences(kept: &[LevelFiled], today: &[LevelFiled]) -> Vec<FormCoverageDifference> {
    let of = |filed: &[LevelFiled], level| {
        filed.iter().find(|one| one.level == level).map_or_else(FormCoverageCount::default, |one| one.count)
    };
    let is_gone = |one: &&LevelFiled| !today.iter().any(|other| other.level == one.level);
    let levels = today.iter().chain(kept.iter().filter(is_gone)).map(|one| one.level);
    let difference = |level| {
        let (kept, today) = (of(kept, level), of(today, level));
        let difference = FormCoverageCount {
            units_expected: today.units_expected - kept.units_expected,
            units_filed: today.units_filed - kept.units_filed,
            ended_expected: today.ended_expected - kept.ended_expected,
            ended_filed: today.ended_filed - kept.ended_filed,
        };
        FormCoverageDifference { handling_level: level, kept, today, difference }
    };
    levels.map(difference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_either_form_is_told_once() {
        let filed = |level, units_expected, units_filed| LevelFiled {
            level,
            count: FormCoverageCount { units_expected, units_filed, ..FormCoverageCount::default() },
        };
        let kept = [filed(Tier::Commune, 10, 8), filed(Tier::District, 1, 1)];
        let today = [filed(Tier::Commune, 10, 10)];
        let told = coverage_differences(&kept, &today);
        let filed = |count: FormCoverageCount| (count.units_expected, count.units_filed);
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.handling_level, filed(one.kept), filed(one.today), filed(one.difference)))
            .collect();
        assert_eq!(
            told,
            [(Tier::Commune, (10, 8), (10, 10), (0, 2)), (Tier::District, (1, 1), (0, 0), (-1, -1))]
        );
    }
}
