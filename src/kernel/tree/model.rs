//! What a unit is to the tree: its identity, its versions, and what became of it.

use std::cmp::Ordering;

use chrono::NaiveDate;

use crate::{id, text_enum};

id! {
    /// Identity of a unit (định danh đơn vị): never reused, unlike its codes.
    OrgUnitId
}

impl From<uuid::Uuid> for OrgUnitId {
    fn from(value: uuid::Uuid) -> Self {
        Self(value.into())
    }
}

text_enum! {
    /// Kind of a unit (loại đơn vị).
    pub enum UnitKind {
        /// The country: the one root above the provinces.
        Country => "country", "quốc gia";
        /// A province or centrally run city.
        Province => "province", "tỉnh, thành phố trực thuộc trung ương";
        /// A district of any name; the tier ended on 1 July 2025.
        District => "district", "huyện, quận, thị xã, thành phố thuộc tỉnh";
        /// A commune, ward, township or special zone.
        Commune => "commune", "xã, phường, thị trấn, đặc khu";
        /// A hamlet or residential group.
        Hamlet => "hamlet", "ấp, thôn, khu vực, tổ dân phố";
        /// A specialised agency of a People's Committee.
        SpecialisedAgency => "specialised_agency", "cơ quan chuyên môn";
        /// A public service unit of education: a kindergarten or school.
        EducationUnit => "education_unit", "đơn vị sự nghiệp giáo dục và đào tạo";
        /// Another public service unit.
        PublicServiceUnit => "public_service_unit", "đơn vị sự nghiệp công lập";
        /// An association with state-assigned tasks.
        Association => "association", "hội";
        /// A public administration service centre.
        ServiceCentre => "service_centre", "trung tâm phục vụ hành chính công";
        /// Any other agency.
        OtherAgency => "other_agency", "cơ quan khác";
    }
}

impl UnitKind {
    /// The tier of local government that the unit is; none for the country, hamlets and agencies.
    #[must_use]
    pub const fn tier(self) -> Option<Tier> {
        match self {
            Self::Province => Some(Tier::Province),
            Self::District => Some(Tier::District),
            Self::Commune => Some(Tier::Commune),
            Self::Country
            | Self::Hamlet
            | Self::SpecialisedAgency
            | Self::EducationUnit
            | Self::PublicServiceUnit
            | Self::Association
            | Self::ServiceCentre
            | Self::OtherAgency => None,
        }
    }
}

text_enum! {
    /// Tier of local government (cấp chính quyền địa phương), the highest first.
    pub enum Tier {
        /// The provincial tier.
        Province => "province", "cấp tỉnh";
        /// The district tier, until 30 June 2025.
        District => "district", "cấp huyện";
        /// The communal tier.
        Commune => "commune", "cấp xã";
    }
}

text_enum! {
    /// How an ended unit went into its successor (quan hệ kế thừa). A unit that merely changed its
    /// name or kind keeps its identity and has no succession.
    pub enum SuccessionRelation {
        /// The whole unit went into the successor.
        Merge => "merge", "sáp nhập, hợp nhất";
        /// Part of the unit went into the successor.
        Division => "division", "chia, điều chỉnh một phần";
    }
}

text_enum! {
    /// Class of a unit (phân loại đơn vị hành chính), on which posts and deputies depend.
    pub enum UnitClass {
        /// Class I.
        I => "i", "loại I";
        /// Class II.
        Ii => "ii", "loại II";
        /// Class III.
        Iii => "iii", "loại III";
    }
}

/// What a unit was during one span of days (phiên bản của đơn vị).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitVersion {
    /// The unit.
    pub org_unit_id: OrgUnitId,
    /// Code of the statistics office (mã đơn vị hành chính).
    pub code: Option<String>,
    /// Electronic identification code (mã định danh điện tử).
    pub identifier: Option<String>,
    /// Name without its kind ("Phụng Hiệp").
    pub name: String,
    /// Name with its kind ("Huyện Phụng Hiệp").
    pub full_name: String,
    /// Kind.
    pub kind: UnitKind,
    /// Class; none where it is not known, and of units that have none.
    pub unit_class: Option<UnitClass>,
    /// The unit above.
    pub parent_id: Option<OrgUnitId>,
    /// First day; none when the beginning is not known.
    pub valid_from: Option<NaiveDate>,
    /// First day on which this no longer holds; none while it does.
    pub valid_to: Option<NaiveDate>,
}

impl UnitVersion {
    /// Whether this version holds on the day.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day < to)
    }

    /// Whether it holds on a day from this one on and before that one.
    #[must_use]
    pub fn holds_within(&self, from: NaiveDate, to: NaiveDate) -> bool {
        self.valid_from.is_none_or(|begin| begin < to) && self.valid_to.is_none_or(|end| from < end)
    }

    /// Whether there is a day on which it holds.
    pub(super) fn holds_ever(&self) -> bool {
        match (self.valid_from, self.valid_to) {
            (Some(from), Some(to)) => from < to,
            (None, Some(to)) => to.pred_opt().is_some(),
            (_, None) => true,
        }
    }

    /// Siblings by code, those without one last, then by name.
    pub(super) fn sibling_order(&self, other: &Self) -> Ordering {
        (self.code.is_none(), &self.code, &self.name, self.org_unit_id).cmp(&(
            other.code.is_none(),
            &other.code,
            &other.name,
            other.org_unit_id,
        ))
    }
}

/// What became of an ended unit (kế thừa): one row for each pair of old and new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The unit that ended.
    pub predecessor_id: OrgUnitId,
    /// The unit that carries its territory on.
    pub successor_id: OrgUnitId,
    /// Whether all or part of it went there.
    pub relation: SuccessionRelation,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// Whether the successor keeps the records of a divided predecessor (nơi lưu giữ hồ sơ).
    pub keeps_records: bool,
}
