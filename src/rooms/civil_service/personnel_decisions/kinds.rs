//! What personnel decisions are told apart by.

use kernel::text_enum;

text_enum! {
    /// What is decided (loại quyết định).
    pub enum PersonnelDecisionKind {
        /// Someone is recruited.
        Recruit => "recruit", "tuyển dụng";
        /// Someone is appointed.
        Appoint => "appoint", "bổ nhiệm";
        /// Someone is appointed again.
        Reappoint => "reappoint", "bổ nhiệm lại";
        /// Someone is moved within the authority.
        Transfer => "transfer", "điều động";
        /// Someone is moved and appointed at once.
        TransferAppoint => "transfer_appoint", "điều động, bổ nhiệm";
        /// Someone is lent to another place.
        Second => "second", "biệt phái";
        /// Posts are exchanged as the law asks for.
        Rotation => "rotation", "chuyển đổi vị trí công tác";
        /// Someone of another authority is taken over.
        Receive => "receive", "tiếp nhận";
        /// Someone may leave to another authority.
        Release => "release", "thuận chuyển công tác";
        /// A cadre of a commune becomes a civil servant.
        CadreToCivilServant => "cadre_to_civil_servant", "tiếp nhận cán bộ vào làm công chức";
        /// Someone performs the duties of a head who is missing.
        ActingAssignment => "acting_assignment", "giao quyền, phân công phụ trách";
        /// Someone is relieved of a position.
        Dismiss => "dismiss", "miễn nhiệm";
        /// Someone leaves.
        Resign => "resign", "thôi việc";
        /// Someone retires.
        Retire => "retire", "nghỉ hưu";
        /// Someone retires or leaves as the staff is streamlined.
        StreamlinedLeave => "streamlined_leave", "nghỉ hưu, thôi việc do tinh giản biên chế";
        /// A contract of labour may be made.
        ContractApproval => "contract_approval", "cho chủ trương ký hợp đồng lao động";
        /// A rank is given.
        RankAppointment => "rank_appointment", "bổ nhiệm ngạch";
        /// A professional title is given, with its pay.
        TitleAppointment => "title_appointment", "bổ nhiệm chức danh nghề nghiệp và xếp lương";
        /// A professional title is changed.
        TitleChange => "title_change", "thay đổi chức danh nghề nghiệp";
        /// Pay is set.
        PayPlacement => "pay_placement", "xếp lương";
        /// A step of pay in its time.
        PayStep => "pay_step", "nâng bậc lương thường xuyên";
        /// A step of pay before its time.
        EarlyPayStep => "early_pay_step", "nâng bậc lương trước thời hạn";
        /// The allowance of those beyond the last step, for the first time.
        OverStepSeniorityFirst => "over_step_seniority_first", "hưởng phụ cấp thâm niên vượt khung lần đầu";
        /// It is raised.
        OverStepSeniorityIncrease => "over_step_seniority_increase", "tăng phụ cấp thâm niên vượt khung";
        /// The allowance for years in a profession, for the first time.
        ProfessionalSeniorityFirst => "professional_seniority_first", "hưởng phụ cấp thâm niên nghề lần đầu";
        /// It is raised.
        ProfessionalSeniorityIncrease => "professional_seniority_increase", "tăng phụ cấp thâm niên nghề";
        /// The allowance for years of teaching, for the first time.
        TeacherSeniorityFirst => "teacher_seniority_first", "hưởng phụ cấp thâm niên nhà giáo lần đầu";
        /// It is raised.
        TeacherSeniorityIncrease => "teacher_seniority_increase", "tăng phụ cấp thâm niên nhà giáo";
        /// Another allowance.
        OtherAllowance => "other_allowance", "hưởng, tăng phụ cấp khác";
        /// Someone is disciplined.
        Discipline => "discipline", "kỷ luật";
    }
}

text_enum! {
    /// What decisions of several kinds are about (nhóm quyết định).
    pub enum PersonnelDecisionGroup {
        /// Who holds which post.
        Staffing => "staffing", "tổ chức nhân sự";
        /// Professional titles.
        ProfessionalTitles => "professional_titles", "chức danh nghề nghiệp";
        /// Pay and allowances.
        Pay => "pay", "tiền lương, phụ cấp";
        /// Discipline.
        Discipline => "discipline", "kỷ luật";
    }
}

impl PersonnelDecisionKind {
    /// What it is about (nhóm quyết định).
    #[must_use]
    pub const fn group(self) -> PersonnelDecisionGroup {
        match self {
            Self::Recruit
            | Self::Appoint
            | Self::Reappoint
            | Self::Transfer
            | Self::TransferAppoint
            | Self::Second
            | Self::Rotation
            | Self::Receive
            | Self::Release
            | Self::CadreToCivilServant
            | Self::ActingAssignment
            | Self::Dismiss
            | Self::Resign
            | Self::Retire
            | Self::StreamlinedLeave
            | Self::ContractApproval
            | Self::RankAppointment => PersonnelDecisionGroup::Staffing,
            Self::TitleAppointment | Self::TitleChange => PersonnelDecisionGroup::ProfessionalTitles,
            Self::PayPlacement
            | Self::PayStep
            | Self::EarlyPayStep
            | Self::OverStepSeniorityFirst
            | Self::OverStepSeniorityIncrease
            | Self::ProfessionalSeniorityFirst
            | Self::ProfessionalSeniorityIncrease
            | Self::TeacherSeniorityFirst
            | Self::TeacherSeniorityIncrease
            | Self::OtherAllowance => PersonnelDecisionGroup::Pay,
            Self::Discipline => PersonnelDecisionGroup::Discipline,
        }
    }
}

text_enum! {
    /// As what someone serves (đối tượng).
    pub enum StaffCategory {
        /// Elected or approved for a term.
        Cadre => "cadre", "cán bộ";
        /// Recruited into a rank of the administration.
        CivilServant => "civil_servant", "công chức";
        /// Recruited into a public service unit.
        PublicEmployee => "public_employee", "viên chức";
        /// Under a contract by Nghị định 111/2022/NĐ-CP.
        Contract111 => "contract_111", "hợp đồng lao động theo Nghị định 111/2022/NĐ-CP";
        /// Not full-time in a commune or hamlet.
        PartTime => "part_time", "người hoạt động không chuyên trách";
        /// Counted together, or not told.
        NotApart => "not_apart", "không tách theo đối tượng";
    }
}

text_enum! {
    /// Where in the state someone serves (khối).
    pub enum StaffSector {
        /// Agencies of a province or district.
        Administration => "administration", "hành chính";
        /// Schools.
        Education => "education", "sự nghiệp giáo dục và đào tạo";
        /// Other public service units.
        OtherServices => "other_services", "sự nghiệp khác";
        /// Communes.
        Commune => "commune", "cấp xã";
        /// Counted together, or not told.
        NotApart => "not_apart", "không tách theo khối";
    }
}

text_enum! {
    /// How far it is (tình trạng).
    pub enum PersonnelDecisionStage {
        /// Another authority is asked for it.
        Proposed => "proposed", "đã trình cấp có thẩm quyền";
        /// It was issued.
        Issued => "issued", "đã ban hành";
    }
}

text_enum! {
    /// Order of personnel decisions (thứ tự).
    pub enum PersonnelDecisionSort {
        /// Earliest first.
        CoversFrom => "covers_from", "ngày đầu tăng dần";
        /// Latest first.
        CoversFromDesc => "-covers_from", "ngày đầu giảm dần";
    }
}
