//! Who stands behind form 06a, as it is answered: who has filed, what upper units state for them, and where
//! dossiers count instead.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Form06Columns, FormUnit};
use kernel::tree::Tier;

/// A line with which an upper unit states the total of the units below, or a unit that of its agencies
/// (số liệu cấp trên nêu thay).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aStatedLine {
    /// The unit that states it.
    pub unit: FormUnit,
    /// Whether the line counts in the form; if not, the units below have all filed and replace it, or it
    /// replaces nothing: it has not wholly been handed in, or it is by field while a line below has no
    /// field, out of which nobody can take one.
    pub counts: bool,
    /// The stated line less the sum of the lines below that it speaks for, column by column (chênh lệch).
    pub difference: Form06Columns,
}

/// What a unit filed that had ended by the day of the form (số liệu của đơn vị đã kết thúc), be it
/// within the period or, where the end was entered late, before it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aEndedLine {
    /// The unit, as it was last named.
    pub unit: FormUnit,
    /// The unit in force to which its figures come: the successor into which it went whole, else the
    /// nearest unit that holds all its successors, for nobody knows how to split them (đơn vị tiếp
    /// nhận số liệu).
    pub held_by: FormUnit,
    /// Whether it has filed: all of its lines for the level were handed in.
    pub filed: bool,
    /// Whether its lines count in the form; if not, a line of the unit above it stands for them.
    pub counts: bool,
    /// The sum of its lines.
    pub figures: Form06Columns,
}

/// A unit whose dossiers count instead of its return (đơn vị tính theo hồ sơ thay cho báo cáo số liệu).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aRecordsLine {
    /// The unit.
    pub unit: FormUnit,
    /// Since when all of its dossiers are kept here (dữ liệu hồ sơ đầy đủ từ ngày).
    pub records_complete_since: NaiveDate,
    /// Its dossiers less what it has handed in for the level, column by column (chênh lệch giữa hồ sơ và
    /// báo cáo).
    pub difference: Form06Columns,
}

/// Who has filed for a level (mức độ đầy đủ theo cấp). Administrative units are counted; the figures of
/// agencies and service units are those of the unit under which they hang. A unit has filed when it or
/// its agencies have lines for the level, and none of these is a draft or was sent back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aLevelCoverage {
    /// The level.
    pub handling_level: Tier,
    /// How many administrative units of the level are in force: m of n of m.
    pub units_expected: usize,
    /// How many of them have filed: n of n of m.
    pub units_filed: usize,
    /// Those that have not; where dossiers alone are counted they are not told one by one.
    pub missing: Vec<FormUnit>,
    /// Lines of upper units for this level, and of units for their agencies, and how they differ from
    /// what was filed below.
    pub stated: Vec<Form06aStatedLine>,
    /// How many administrative units of the level existed within the period and had ended by the day
    /// (số đơn vị đã kết thúc trong kỳ).
    #[serde(default)]
    #[schema(required = true)]
    pub ended_expected: usize,
    /// How many of them have filed.
    #[serde(default)]
    #[schema(required = true)]
    pub ended_filed: usize,
    /// Units that handed in a return for this level though their dossiers count, and how the two differ.
    #[serde(default)]
    #[schema(required = true)]
    pub records: Vec<Form06aRecordsLine>,
    /// Those of them that have lines for this level, and units that had ended before the period and have
    /// lines for it all the same. They are part of the rows where they count.
    #[serde(default)]
    #[schema(required = true)]
    pub ended: Vec<Form06aEndedLine>,
}

/// Who stands behind a form (mức độ đầy đủ của số liệu).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Form06aCoverage {
    /// By level.
    pub levels: Vec<Form06aLevelCoverage>,
    /// First day that the figures really cover, when it is not the period's.
    pub covers_from: Option<NaiveDate>,
    /// Last day that the figures really cover, when it is not the period's.
    pub covers_to: Option<NaiveDate>,
}
