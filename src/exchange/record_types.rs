//! The kinds of records that other systems may follow: who learns of them, and where they are read.

use crate::auth::permission::{Action, Domain};
use crate::text_enum;

text_enum! {
    /// Kind of record (loại bản ghi).
    pub enum RecordType {
        /// A unit.
        OrgUnit => "org_unit", "đơn vị";
        /// A succession of units.
        OrgUnitSuccession => "org_unit_succession", "quan hệ kế thừa đơn vị";
        /// A reporting period.
        Period => "period", "kỳ báo cáo";
        /// A holiday or make-up working day.
        Holiday => "holiday", "ngày nghỉ, ngày làm bù";
        /// A field of procedures.
        ProcedureField => "procedure_field", "lĩnh vực thủ tục hành chính";
        /// A procedure.
        Procedure => "procedure", "thủ tục hành chính";
        /// A decision that announces procedures.
        ProcedurePublication => "procedure_publication", "quyết định công bố thủ tục hành chính";
        /// A posting of a procedure.
        ProcedurePosting => "procedure_posting", "niêm yết thủ tục hành chính";
        /// A process of a procedure.
        ProcedureProcess => "procedure_process", "quy trình giải quyết thủ tục hành chính";
        /// A dossier.
        Dossier => "dossier", "hồ sơ thủ tục hành chính";
        /// A version of the rules of the clock of dossiers.
        DossierRules => "dossier_rules", "quy tắc tính thời hạn giải quyết hồ sơ";
        /// A review of procedures.
        ProcedureReview => "procedure_review", "rà soát thủ tục hành chính";
        /// A support activity.
        SupportActivity => "support_activity", "hoạt động hỗ trợ nộp hồ sơ trực tuyến";
        /// A focal point.
        FocalPoint => "focal_point", "đầu mối kiểm soát thủ tục hành chính";
        /// Feedback or a petition.
        CitizenFeedback => "citizen_feedback", "phản ánh, kiến nghị";
        /// A time limit of feedback.
        FeedbackTimeLimit => "feedback_time_limit", "thời hạn xử lý phản ánh, kiến nghị";
        /// A satisfaction rating.
        SatisfactionRating => "satisfaction_rating", "đánh giá sự hài lòng";
        /// A processing return.
        ProcessingReturn => "processing_return", "số liệu giải quyết thủ tục hành chính";
        /// A declaration of complete records.
        RecordDeclaration => "record_declaration", "công bố dữ liệu hồ sơ đầy đủ";
        /// An entry of the ledger of the national portal.
        PortalLedgerEntry => "portal_ledger_entry", "mục sổ đối soát Cổng dịch vụ công quốc gia";
        /// A file that belongs to a record.
        Attachment => "attachment", "tệp đính kèm";
        /// A closing of a period.
        PeriodClosure => "period_closure", "khóa sổ kỳ báo cáo";
        /// An account of a person.
        User => "user", "tài khoản người dùng";
        /// An account of a system.
        Client => "client", "tài khoản hệ thống";
        /// A grant.
        Grant => "grant", "phân quyền";
    }
}

impl RecordType {
    /// What an account must be allowed to do to learn of these records; of an attachment whoever may
    /// read its record learns.
    #[must_use]
    pub const fn access(self) -> Option<(Action, Domain)> {
        Some(match self {
            Self::Attachment => return None,
            Self::OrgUnit | Self::OrgUnitSuccession => (Action::ReadReference, Domain::Organization),
            Self::Period | Self::Holiday => (Action::ReadReference, Domain::Reporting),
            Self::ProcedureField
            | Self::Procedure
            | Self::ProcedurePublication
            | Self::ProcedureProcess
            | Self::DossierRules
            | Self::FeedbackTimeLimit => (Action::ReadReference, Domain::Tthc),
            Self::ProcedurePosting
            | Self::Dossier
            | Self::ProcedureReview
            | Self::SupportActivity
            | Self::FocalPoint
            | Self::CitizenFeedback
            | Self::SatisfactionRating
            | Self::ProcessingReturn
            | Self::RecordDeclaration
            | Self::PortalLedgerEntry => (Action::Read, Domain::Tthc),
            Self::PeriodClosure => (Action::Read, Domain::Reporting),
            Self::User | Self::Client | Self::Grant => (Action::Administer, Domain::Organization),
        })
    }

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

    /// Whether the closing of a period binds them: returns and reports, never records.
    #[must_use]
    pub const fn is_bound_by_closings(self) -> bool {
        match self {
            Self::ProcessingReturn => true,
            Self::OrgUnit
            | Self::OrgUnitSuccession
            | Self::Period
            | Self::Holiday
            | Self::ProcedureField
            | Self::Procedure
            | Self::ProcedurePublication
            | Self::ProcedurePosting
            | Self::ProcedureProcess
            | Self::Dossier
            | Self::DossierRules
            | Self::RecordDeclaration
            | Self::ProcedureReview
            | Self::SupportActivity
            | Self::FocalPoint
            | Self::CitizenFeedback
            | Self::FeedbackTimeLimit
            | Self::SatisfactionRating
            | Self::PortalLedgerEntry
            | Self::Attachment
            | Self::PeriodClosure
            | Self::User
            | Self::Client
            | Self::Grant => false,
        }
    }

    /// Whether one may come to belong to another unit.
    #[must_use]
    pub const fn moves(self) -> bool {
        matches!(self, Self::Dossier | Self::User | Self::Client | Self::Grant)
    }

    /// Where they are read; attachments are read beneath their record, in a collection of this name.
    #[must_use]
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Attachment => "attachments",
            Self::OrgUnit => "/api/v1/organization/org-units",
            Self::OrgUnitSuccession => "/api/v1/organization/successions",
            Self::Period => "/api/v1/reporting/periods",
            Self::Holiday => "/api/v1/reporting/holidays",
            Self::ProcedureField => "/api/v1/tthc/procedure-fields",
            Self::Procedure => "/api/v1/tthc/procedures",
            Self::ProcedurePublication => "/api/v1/tthc/procedure-publications",
            Self::ProcedurePosting => "/api/v1/tthc/procedure-postings",
            Self::ProcedureProcess => "/api/v1/tthc/procedure-processes",
            Self::Dossier => "/api/v1/tthc/dossiers",
            Self::DossierRules => "/api/v1/tthc/dossier-rules",
            Self::ProcedureReview => "/api/v1/tthc/procedure-reviews",
            Self::SupportActivity => "/api/v1/tthc/support-activities",
            Self::FocalPoint => "/api/v1/tthc/focal-points",
            Self::CitizenFeedback => "/api/v1/tthc/citizen-feedback",
            Self::FeedbackTimeLimit => "/api/v1/tthc/feedback-time-limits",
            Self::SatisfactionRating => "/api/v1/tthc/satisfaction-ratings",
            Self::ProcessingReturn => "/api/v1/tthc/processing-returns",
            Self::RecordDeclaration => "/api/v1/tthc/record-declarations",
            Self::PortalLedgerEntry => "/api/v1/exchange/national-portal/ledger",
            Self::PeriodClosure => "/api/v1/reporting/period-closures",
            Self::User => "/api/v1/admin/users",
            Self::Client => "/api/v1/admin/clients",
            Self::Grant => "/api/v1/admin/grants",
        }
    }
}
