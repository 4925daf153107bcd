//! Directions and kinds of guiding documents (văn bản đến, văn bản đi; loại văn bản).

use kernel::text_enum;

text_enum! {
    /// Whether a document came to the unit or went out from it (văn bản đến, văn bản đi).
    pub enum DirectiveDirection {
        /// It came to the unit.
        Received => "received", "văn bản đến";
        /// The unit issued it.
        Issued => "issued", "văn bản đi";
    }
}

text_enum! {
    /// Kind of a guiding document (loại văn bản).
    pub enum DirectiveKind {
        /// A law.
        Law => "law", "luật";
        /// A decree.
        Decree => "decree", "nghị định";
        /// A circular.
        Circular => "circular", "thông tư";
        /// A circular of several ministries.
        JointCircular => "joint_circular", "thông tư liên tịch";
        /// A resolution.
        Resolution => "resolution", "nghị quyết";
        /// A resolution of several bodies.
        JointResolution => "joint_resolution", "nghị quyết liên tịch";
        /// A directive.
        Directive => "directive", "chỉ thị";
        /// A decision.
        Decision => "decision", "quyết định";
        /// A regulation of the Party.
        Regulation => "regulation", "quy định";
        /// A programme.
        Programme => "programme", "chương trình";
        /// A plan.
        Plan => "plan", "kế hoạch";
        /// A guideline.
        Guideline => "guideline", "hướng dẫn";
        /// An official letter.
        OfficialLetter => "official_letter", "công văn";
        /// A notice.
        Notice => "notice", "thông báo";
        /// A report.
        Report => "report", "báo cáo";
        /// A conclusion.
        Conclusion => "conclusion", "kết luận";
        /// Another document.
        Other => "other", "văn bản khác";
    }
}
