//! The catalogue of rules (danh mục quy tắc kiểm tra) behind the remarks of records: what a code means, how
//! grave it is, on which provision it rests and since when.

use actix_web::web;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::api::ValidQuery;
use crate::api::mount::Mount;
use crate::auth::permit::{Permit, ReadReference, Reporting};
use crate::operations;
use crate::remarks::{RemarkMessage, RemarkSeverity};
use crate::rules::Rule;

/// Which rules are told.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RuleQuery {
    /// Those that hold on this day (hiệu lực ngày); all when not given.
    pub as_of: Option<NaiveDate>,
    /// Those that are so grave (mức độ).
    #[param(inline)]
    pub severity: Option<RemarkSeverity>,
}

/// A rule by which something is noticed (quy tắc kiểm tra).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleExplained {
    /// What remarks by it are called, for machines; never translated and never changed (mã lưu ý).
    #[schema(value_type = String, pattern = "^[a-z0-9_]+$")]
    pub code: &'static str,
    /// How grave it is when it is broken (mức độ).
    pub severity: RemarkSeverity,
    /// What it notices (nội dung).
    pub notices: RemarkMessage,
    /// The provision that it rests on (căn cứ pháp lý); null where it follows from the record's own figures and days.
    #[schema(value_type = Option<String>)]
    pub legal_basis: Option<&'static str>,
    /// First day on which the provision holds (có hiệu lực từ ngày).
    pub valid_from: Option<NaiveDate>,
    /// First day on which it no longer does (hết hiệu lực từ ngày).
    pub valid_to: Option<NaiveDate>,
}

/// The catalogue of rules (danh mục quy tắc kiểm tra).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"items": [{
    "code": "given_apart_from_norm", "severity": "notice",
    "notices": {
        "vi": "số được giao khác định mức theo loại đơn vị hành chính",
        "en": "A commune is given other posts than its class is given."
    },
    "legal_basis": "Nghị định số 33/2023/NĐ-CP, Điều 6, Điều 33", "valid_from": "2023-08-01", "valid_to": "2025-07-01"
}]}))]
pub struct RuleCatalogue {
    /// The rules (các quy tắc).
    pub items: Vec<RuleExplained>,
}

impl RuleExplained {
    fn of(rule: Rule) -> Self {
        let (valid_from, valid_to) = rule.validity();
        Self {
            code: rule.as_str(),
            severity: rule.severity(),
            notices: RemarkMessage { vi: rule.label_vi().to_owned(), en: rule.notices().to_owned() },
            legal_basis: rule.basis(),
            valid_from,
            valid_to,
        }
    }
}

#[utoipa::path(
    get, path = "/api/v1/reporting/rules",
    operation_id = "list_rules", tag = "rules", summary = "List the rules behind remarks",
    description = "What the codes of remarks mean (danh mục quy tắc kiểm tra): how grave each is, on which provision it rests and from when to when that holds. The catalogue is short and comes as a whole.",
    params(RuleQuery),
    responses((status = 200, description = "The rules.", body = RuleCatalogue)),
)]
async fn list_rules(
    _: Permit<ReadReference, Reporting>,
    query: ValidQuery<RuleQuery>,
) -> web::Json<RuleCatalogue> {
    let RuleQuery { as_of, severity } = query.0;
    let asked = |rule: &Rule| {
        as_of.is_none_or(|day| rule.holds_on(day)) && severity.is_none_or(|asked| rule.severity() == asked)
    };
    let items = Rule::ALL.iter().copied().filter(asked).map(RuleExplained::of).collect();
    web::Json(RuleCatalogue { items })
}

/// Mounts the operation.
pub fn routes(mount: &mut impl Mount) {
    operations!(mount, list_rules);
}
