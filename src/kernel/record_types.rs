//! The kinds of records that other systems may follow: who learns of them, and where they are read.

use crate::auth::permission::{Action, Domain};
use crate::text_enum;

/// What an account must be allowed to do.
macro_rules! access {
    () => {
        None
    };
    ($action:ident $domain:ident) => {
        Some((Action::$action, Domain::$domain))
    };
}

macro_rules! is_bound {
    (bound) => {
        true
    };
    ($($other:ident)?) => {
        false
    };
}

macro_rules! is_moving {
    (moves) => {
        true
    };
    ($($other:ident)?) => {
        false
    };
}

macro_rules! found {
    () => {
        None
    };
    ([$($code:literal),*] [$($title:literal),*] $day:literal) => {
        Some(Found { codes: &[$($code),*], titles: &[$($title),*], day: $day })
    };
}

/// What a record is found by: members of the content that its journal entry keeps, `versions.name` those
/// of each version. Never one that may hold a person's name, nor what a citizen wrote: a code finds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Codes and numbers, each found whole however it is written, and by its parts.
    pub codes: &'static [&'static str],
    /// What it is called; the first that a record has is its title.
    pub titles: &'static [&'static str],
    /// Its day, by which the later come first; the day of the last change where it has none.
    pub day: &'static str,
}

/// Declares the kinds, a line each: the text on the wire, the Vietnamese term, where they are read, what an
/// account must be allowed to do to learn of them; `bound` where the closing of a period binds
/// them (returns and reports, never records), `moves` where one may come to belong to another unit; and
/// what one is found by, as [`Found`] tells it.
macro_rules! kinds {
    ($(
        $(#[doc = $doc:expr])+
        $kind:ident => $text:literal, $vi:literal at $collection:literal $(to $action:ident $domain:ident)? $(, $said:ident)?
            $(by [$($code:literal),*] titled [$($title:literal),*] on $day:literal)?;
    )+) => {
        text_enum! {
            /// Kind of record (loại bản ghi).
            pub enum RecordType {
                $($(#[doc = $doc])+ $kind => $text, $vi;)+
            }
        }

        impl RecordType {
            /// What an account must be allowed to do to learn of these records; of an attachment whoever
            /// may read its record learns.
            #[must_use]
            pub const fn access(self) -> Option<(Action, Domain)> {
                match self { $(Self::$kind => access!($($action $domain)?)),+ }
            }

            /// Whether the closing of a period binds them: returns and reports, never records.
            #[must_use]
            pub const fn is_bound_by_closings(self) -> bool {
                match self { $(Self::$kind => is_bound!($($said)?)),+ }
            }

            /// Whether one may come to belong to another unit.
            #[must_use]
            pub const fn moves(self) -> bool {
                match self { $(Self::$kind => is_moving!($($said)?)),+ }
            }

            /// What one is found by; none where they are not searched.
            #[must_use]
            pub const fn found(self) -> Option<Found> {
                match self { $(Self::$kind => found!($([$($code),*] [$($title),*] $day)?)),+ }
            }

            /// Where they are read; attachments are read beneath their record, in a collection of this name.
            #[must_use]
            pub const fn collection(self) -> &'static str {
                match self { $(Self::$kind => $collection),+ }
            }
        }
    };
}

kinds! {
    /// A unit.
    OrgUnit => "org_unit", "đơn vị" at "/api/v1/organization/org-units" to ReadReference Organization
        by ["versions.code", "versions.identifier"] titled ["versions.full_name", "versions.name"] on "created_at";
    /// An act of reorganization.
    Reorganization => "reorganization", "sắp xếp tổ chức bộ máy" at "/api/v1/organization/reorganizations" to ReadReference Organization
        by ["document_number"] titled [] on "effective_on";
    /// A delegation of powers.
    Delegation => "delegation", "phân quyền, phân cấp, ủy quyền" at "/api/v1/organization/delegations" to Read Organization
        by ["document_number"] titled ["subject"] on "valid_from";
    /// A succession of units.
    OrgUnitSuccession => "org_unit_succession", "quan hệ kế thừa đơn vị" at "/api/v1/organization/successions" to ReadReference Organization;
    /// A reporting period.
    Period => "period", "kỳ báo cáo" at "/api/v1/reporting/periods" to ReadReference Reporting
        by ["code"] titled [] on "starts_on";
    /// A holiday or make-up working day.
    Holiday => "holiday", "ngày nghỉ, ngày làm bù" at "/api/v1/reporting/holidays" to ReadReference Reporting
        by [] titled ["name"] on "day";
    /// A field of procedures.
    ProcedureField => "procedure_field", "lĩnh vực thủ tục hành chính" at "/api/v1/tthc/procedure-fields" to ReadReference Tthc
        by [] titled ["name"] on "created_at";
    /// A procedure.
    Procedure => "procedure", "thủ tục hành chính" at "/api/v1/tthc/procedures" to ReadReference Tthc
        by ["code"] titled ["versions.name"] on "created_at";
    /// A decision that announces procedures.
    ProcedurePublication => "procedure_publication", "quyết định công bố thủ tục hành chính" at "/api/v1/tthc/procedure-publications" to ReadReference Tthc
        by ["number"] titled ["title"] on "issued_on";
    /// A posting of a procedure.
    ProcedurePosting => "procedure_posting", "niêm yết thủ tục hành chính" at "/api/v1/tthc/procedure-postings" to Read Tthc
        by ["procedure_code"] titled ["procedure_name"] on "posted_on";
    /// A process of a procedure.
    ProcedureProcess => "procedure_process", "quy trình giải quyết thủ tục hành chính" at "/api/v1/tthc/procedure-processes" to ReadReference Tthc
        by ["decision_number", "procedure_code"] titled ["name", "procedure_name"] on "decided_on";
    /// A dossier.
    Dossier => "dossier", "hồ sơ thủ tục hành chính" at "/api/v1/tthc/dossiers" to Read Tthc, moves
        by ["code", "foreign_code"] titled [] on "received_at";
    /// A version of the rules of the clock of dossiers.
    DossierRules => "dossier_rules", "quy tắc tính thời hạn giải quyết hồ sơ" at "/api/v1/tthc/dossier-rules" to ReadReference Tthc;
    /// A review of procedures.
    ProcedureReview => "procedure_review", "rà soát thủ tục hành chính" at "/api/v1/tthc/procedure-reviews" to Read Tthc
        by ["document_number", "approval_number"] titled ["title"] on "starts_on";
    /// A support activity.
    SupportActivity => "support_activity", "hoạt động hỗ trợ nộp hồ sơ trực tuyến" at "/api/v1/tthc/support-activities" to Read Tthc
        by ["document_number"] titled ["title"] on "starts_on";
    /// A focal point.
    FocalPoint => "focal_point", "đầu mối kiểm soát thủ tục hành chính" at "/api/v1/tthc/focal-points" to Read Tthc
        by ["decision_number"] titled ["position_title"] on "valid_from";
    /// Feedback or a petition.
    CitizenFeedback => "citizen_feedback", "phản ánh, kiến nghị" at "/api/v1/tthc/citizen-feedback" to Read Tthc
        by ["code", "answer_number"] titled [] on "received_at";
    /// A time limit of feedback.
    FeedbackTimeLimit => "feedback_time_limit", "thời hạn xử lý phản ánh, kiến nghị" at "/api/v1/tthc/feedback-time-limits" to ReadReference Tthc;
    /// A satisfaction rating.
    SatisfactionRating => "satisfaction_rating", "đánh giá sự hài lòng" at "/api/v1/tthc/satisfaction-ratings" to Read Tthc
        by ["dossier_code"] titled [] on "rated_on";
    /// A processing return.
    ProcessingReturn => "processing_return", "số liệu giải quyết thủ tục hành chính" at "/api/v1/tthc/processing-returns" to Read Tthc, bound
        by ["period_code"] titled [] on "covers_to";
    /// A declaration of complete records.
    RecordDeclaration => "record_declaration", "công bố dữ liệu hồ sơ đầy đủ" at "/api/v1/tthc/record-declarations" to Read Tthc
        by ["document_number"] titled [] on "records_complete_since";
    /// A personnel decision.
    PersonnelDecision => "personnel_decision", "quyết định về nhân sự" at "/api/v1/civil-service/personnel-decisions" to Read CivilService
        by ["document_number"] titled [] on "document_on";
    /// A scheme of job positions.
    JobPositionScheme => "job_position_scheme", "đề án vị trí việc làm" at "/api/v1/civil-service/job-position-schemes" to Read CivilService
        by ["document_number"] titled ["title"] on "document_on";
    /// A course of training.
    TrainingCourse => "training_course", "lớp đào tạo, bồi dưỡng" at "/api/v1/civil-service/training-courses" to Read CivilService
        by ["document_number"] titled ["title"] on "starts_on";
    /// A stage of a round of streamlining.
    StaffStreamlining => "staff_streamlining", "đợt tinh giản biên chế" at "/api/v1/civil-service/staff-streamlining" to Read CivilService
        by ["document_number"] titled [] on "stage_on";
    /// An inspection of discipline.
    DisciplineInspection => "discipline_inspection", "đợt kiểm tra kỷ luật, kỷ cương" at "/api/v1/civil-service/discipline-inspections" to Read CivilService
        by ["code", "document_number"] titled ["topic"] on "starts_on";
    /// A visit of an inspection of discipline.
    DisciplineVisit => "discipline_visit", "lượt kiểm tra kỷ luật, kỷ cương" at "/api/v1/civil-service/discipline-visits" to Read CivilService
        by ["inspection_code"] titled [] on "visited_on";
    /// An official.
    Official => "official", "cán bộ, công chức, viên chức, người lao động" at "/api/v1/civil-service/officials" to Read CivilService, moves
        by ["employee_code"] titled [] on "listed_on";
    /// A rating of quality.
    QualityRating => "quality_rating", "kết quả đánh giá, xếp loại chất lượng" at "/api/v1/civil-service/quality-ratings" to Read CivilService
        by ["document_number"] titled [] on "rated_on";
    /// An investment plan.
    InvestmentPlan => "investment_plan", "kế hoạch vốn đầu tư công" at "/api/v1/public-finance/investment-plans" to Read PublicFinance
        by ["code", "document_number"] titled ["title"] on "valid_from";
    /// An adjustment of a plan.
    PlanAdjustment => "plan_adjustment", "điều chỉnh kế hoạch vốn đầu tư công" at "/api/v1/public-finance/plan-adjustments" to Read PublicFinance
        by ["document_number", "plan_code"] titled [] on "decided_on";
    /// A disbursement.
    Disbursement => "disbursement", "giải ngân vốn đầu tư công" at "/api/v1/public-finance/disbursements" to Read PublicFinance
        by ["document_number", "plan_code"] titled [] on "paid_to";
    /// A recommendation of an inspection or audit.
    AuditRecommendation => "audit_recommendation", "kiến nghị thanh tra, kiểm toán" at "/api/v1/public-finance/audit-recommendations" to Read PublicFinance
        by ["code", "conclusion_number"] titled ["title"] on "concluded_on";
    /// A remittance.
    Remittance => "remittance", "nộp tiền theo kiến nghị thanh tra, kiểm toán" at "/api/v1/public-finance/remittances" to Read PublicFinance
        by ["receipt_number", "recommendation_code"] titled [] on "remitted_on";
    /// A disclosure of the budget.
    BudgetDisclosure => "budget_disclosure", "công khai dự toán, quyết toán ngân sách" at "/api/v1/public-finance/budget-disclosures" to Read PublicFinance
        by ["document_number"] titled ["title"] on "published_on";
    /// Final accounts.
    FinalAccount => "final_account", "báo cáo quyết toán năm" at "/api/v1/public-finance/final-accounts" to Read PublicFinance
        by ["document_number"] titled [] on "document_on";
    /// Spending rules.
    SpendingRule => "spending_rule", "quy chế chi tiêu nội bộ, quy chế quản lý tài sản công" at "/api/v1/public-finance/spending-rules" to Read PublicFinance
        by ["document_number"] titled [] on "valid_from";
    /// An entry of the ledger of the national portal.
    PortalLedgerEntry => "portal_ledger_entry", "mục sổ đối soát Cổng dịch vụ công quốc gia" at "/api/v1/exchange/national-portal/ledger" to Read Tthc;
    /// A legal document.
    LegalDocument => "legal_document", "văn bản quy phạm pháp luật" at "/api/v1/institutions/legal-documents" to Read Institutions
        by ["number"] titled ["title"] on "issued_on";
    /// What one legal document does to another.
    DocumentRelation => "document_relation", "quan hệ giữa văn bản quy phạm pháp luật" at "/api/v1/institutions/document-relations" to Read Institutions
        by ["document_number", "affected_number"] titled [] on "from_on";
    /// A review of legal documents.
    DocumentReview => "document_review", "kiểm tra, rà soát, hệ thống hóa văn bản quy phạm pháp luật" at "/api/v1/institutions/document-reviews" to Read Institutions
        by ["document_number"] titled ["title"] on "starts_on";
    /// What a unit does to follow the enforcement of the law.
    LawEnforcementMonitoring => "law_enforcement_monitoring", "theo dõi tình hình thi hành pháp luật" at "/api/v1/institutions/law-enforcement-monitoring" to Read Institutions
        by ["document_number", "result_number"] titled ["topic"] on "starts_on";
    /// A staffing return.
    StaffingReturn => "staffing_return", "báo cáo biên chế" at "/api/v1/organization/staffing-returns" to Read Organization, bound
        by ["deciding_number", "period_code"] titled [] on "covers_to";
    /// A leadership return.
    LeadershipReturn => "leadership_return", "báo cáo số lượng cấp phó" at "/api/v1/organization/leadership-returns" to Read Organization, bound
        by ["period_code"] titled [] on "covers_to";
    /// A boundary return.
    BoundaryReturn => "boundary_return", "báo cáo mốc, bản đồ, hồ sơ địa giới hành chính" at "/api/v1/organization/boundary-returns" to Read Organization, bound
        by ["period_code"] titled [] on "covers_to";
    /// A qualification return.
    QualificationReturn => "qualification_return", "báo cáo trình độ chuyên môn" at "/api/v1/civil-service/qualification-returns" to Read CivilService, bound
        by ["period_code"] titled [] on "covers_to";
    /// An asset declaration return.
    AssetDeclarationReturn => "asset_declaration_return", "báo cáo kê khai tài sản, thu nhập" at "/api/v1/civil-service/asset-declaration-returns" to Read CivilService, bound
        by ["period_code"] titled [] on "covers_to";
    /// A work diary return.
    WorkDiaryReturn => "work_diary_return", "báo cáo ghi nhật ký công việc" at "/api/v1/civil-service/work-diary-returns" to Read CivilService, bound
        by ["period_code"] titled [] on "covers_to";
    /// An autonomy return.
    AutonomyReturn => "autonomy_return", "báo cáo cơ chế tự chủ tài chính" at "/api/v1/public-finance/autonomy-returns" to Read PublicFinance, bound
        by ["period_code"] titled [] on "covers_to";
    /// A measure return.
    MeasureReturn => "measure_return", "báo cáo chỉ tiêu chính quyền điện tử" at "/api/v1/e-government/measure-returns" to Read EGovernment, bound
        by ["period_code"] titled [] on "covers_to";
    /// A system.
    System => "system", "hệ thống thông tin" at "/api/v1/e-government/systems" to Read EGovernment
        by [] titled ["name"] on "in_use_from";
    /// A deployment of a system.
    Deployment => "deployment", "triển khai hệ thống thông tin" at "/api/v1/e-government/deployments" to Read EGovernment;
    /// A guiding document.
    Directive => "directive", "văn bản chỉ đạo, điều hành" at "/api/v1/steering/directives" to Read Steering
        by ["number"] titled ["subject"] on "held_on";
    /// A digital certificate.
    DigitalCertificate => "digital_certificate", "chứng thư số" at "/api/v1/e-government/digital-certificates" to Read EGovernment
        by ["serial_number"] titled [] on "valid_from";
    /// A file that belongs to a record.
    Attachment => "attachment", "tệp đính kèm" at "attachments";
    /// A closing of a period.
    PeriodClosure => "period_closure", "khóa sổ kỳ báo cáo" at "/api/v1/reporting/period-closures" to Read Reporting
        by ["period_code"] titled [] on "as_of";
    /// An account of a person.
    User => "user", "tài khoản người dùng" at "/api/v1/admin/users" to Administer Organization, moves;
    /// An account of a system.
    Client => "client", "tài khoản hệ thống" at "/api/v1/admin/clients" to Administer Organization, moves;
    /// A grant.
    Grant => "grant", "phân quyền" at "/api/v1/admin/grants" to Administer Organization, moves;
}

impl RecordType {
    /// The domain to which they belong; an attachment belongs to that of its record.
    #[must_use]
    pub const fn domain(self) -> Option<Domain> {
        match self.access() {
            Some((_, domain)) => Some(domain),
            None => None,
        }
    }

    /// Whether they are accounts or what accounts may do.
    #[must_use]
    pub const fn is_of_accounts(self) -> bool {
        matches!(self, Self::User | Self::Client | Self::Grant)
    }
}
