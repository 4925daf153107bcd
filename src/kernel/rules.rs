//! The rules (quy tắc kiểm tra) by which the service notices what may be wrong: one table, with how grave
//! it is, on which provision it rests and from when to when that holds. A rule never refuses; what must
//! be refused is a fault of the body.
//!
//! What is noticed becomes a [`Remark`](super::remarks::Remark) of the record.

use chrono::NaiveDate;

use super::remarks::RemarkSeverity;
use crate::text_enum;

/// Declares the rules, each with its code on the wire, how grave it is and what it says in Vietnamese;
/// `by` names the provision that it rests on, `from` and `to` the first day on which that holds and the
/// first on which it no longer does. A rule that follows from the record's own figures and days has
/// none.
macro_rules! rules {
    (@on) => { None };
    (@on ($year:literal, $month:literal, $day:literal)) => { NaiveDate::from_ymd_opt($year, $month, $day) };
    (@basis) => { None };
    (@basis $basis:literal) => { Some($basis) };
    ($(
        $(#[doc = $doc:expr])+
        $rule:ident => $code:literal, $severity:ident, $vi:literal
            $(, by $basis:literal)? $(, from $from:tt)? $(, to $to:tt)?;
    )+) => {
        text_enum! {
            /// A rule by which something is noticed (quy tắc kiểm tra).
            pub enum Rule {
                $($(#[doc = $doc])+ $rule => $code, $vi;)+
            }
        }

        impl Rule {
            /// How grave it is when it is broken (mức độ).
            #[must_use]
            pub const fn severity(self) -> RemarkSeverity {
                match self { $(Self::$rule => RemarkSeverity::$severity),+ }
            }

            /// The provision that it rests on (căn cứ pháp lý); none where it follows from the
            /// record's own figures and days.
            #[must_use]
            pub const fn basis(self) -> Option<&'static str> {
                match self { $(Self::$rule => rules!(@basis $($basis)?)),+ }
            }

            /// What it notices, in English.
            #[must_use]
            pub const fn notices(self) -> &'static str {
                match self { $(Self::$rule => concat!($($doc),+).trim_ascii()),+ }
            }

            /// First day on which it holds, and first day on which it no longer does (hiệu lực).
            #[must_use]
            pub const fn validity(self) -> (Option<NaiveDate>, Option<NaiveDate>) {
                match self { $(Self::$rule => (rules!(@on $($from)?), rules!(@on $($to)?))),+ }
            }
        }
    };
}

rules! {
    /// The year in a document's number is not that of its day.
    NumberYear => "number_year", Finding, "năm trong số, ký hiệu khác năm ban hành";
    /// A unit may hold one document under two numbers or days.
    SameDocument => "same_document", Warning, "có thể là một văn bản ghi nhiều lần";
    /// A decision takes effect, or what it announces is made public, before it was issued.
    BeforeIssue => "before_issue", Warning, "có hiệu lực hoặc công khai trước ngày ban hành";
    /// A process holds before it was approved.
    BeforeApproval => "before_approval", Warning, "áp dụng trước ngày phê duyệt";
    /// A duty begins before the decision that gives it.
    BeforeDecision => "before_decision", Warning, "bắt đầu trước ngày ký quyết định";
    /// Feedback was received on another day than its code says.
    CodeDay => "code_day", Warning, "ngày trong mã khác ngày tiếp nhận";
    /// Days on which nobody works are not all listed, so that due days cannot be counted.
    UnknownYear => "unknown_year", Notice, "chưa đủ dữ liệu ngày nghỉ để tính hạn";
    /// Dossiers were filed with help, but nobody was helped.
    DossiersOfNobody => "dossiers_of_nobody", Finding, "có hồ sơ được hỗ trợ nhưng không có người được hỗ trợ";
    /// Fewer procedures are stated than the proposals name.
    FewerThanNamed => "fewer_than_named", Finding, "số thủ tục nêu ít hơn số thủ tục trong phương án";
    /// A review is approved, but has no proposals.
    NoProposals => "no_proposals", Warning, "đã phê duyệt nhưng chưa có phương án";
    /// A decision has no procedures yet.
    NoItems => "no_items", Notice, "chưa nhập thủ tục nào của quyết định";
    /// A decision names a procedure that the catalogue does not have.
    NotInCatalogue => "not_in_catalogue", Finding, "thủ tục không có trong danh mục";
    /// No version of the procedure begins on the day that the decision names.
    NoVersionBegins => "no_version_begins", Finding, "không có phiên bản thủ tục bắt đầu từ ngày quyết định nêu";
    /// The version of the procedure names another decision, or none.
    OtherDecision => "other_decision", Warning, "phiên bản thủ tục ghi quyết định công bố khác";
    /// A decision ends a procedure that was not in force.
    NotInForce => "not_in_force", Finding, "bãi bỏ thủ tục chưa có hiệu lực";
    /// A decision ends a procedure that had ended before.
    EndedEarlier => "ended_earlier", Warning, "bãi bỏ thủ tục đã hết hiệu lực từ trước";
    /// A decision ends a procedure that the catalogue holds to be in force.
    StillInForce => "still_in_force", Finding, "thủ tục đã bãi bỏ nhưng danh mục còn hiệu lực";
    /// A procedure names a decision that does not name it.
    NotAnItem => "not_an_item", Warning, "quyết định công bố không nêu thủ tục";
    /// A procedure names a decision that is not held.
    UnknownDecision => "unknown_decision", Notice, "quyết định công bố chưa được nhập";
    /// Steps and deadline are counted in different units.
    StepsNotComparable => "steps_not_comparable", Notice, "thời gian các bước và thời hạn khác đơn vị tính";
    /// The steps of a process take longer than its procedure's deadline.
    StepsExceedDeadline => "steps_exceed_deadline", Warning, "thời gian các bước vượt thời hạn giải quyết";
    /// The steps of a process take as long as its procedure's deadline.
    StepsEqualDeadline => "steps_equal_deadline", Notice, "thời gian các bước bằng thời hạn giải quyết";
    /// The steps of a process take less time than its procedure's deadline.
    StepsWithinDeadline => "steps_within_deadline", Notice, "thời gian các bước ngắn hơn thời hạn giải quyết";
    /// More posts are filled than were given.
    MoreFilledThanGiven => "more_filled_than_given", Warning, "thực hiện vượt số được giao";
    /// A part is more than its whole.
    PartAboveWhole => "part_above_whole", Finding, "một phần lớn hơn tổng số";
    /// A stated rate is not that of its numerator and denominator.
    RateAndParts => "rate_and_parts", Finding, "tỷ lệ khác tử số và mẫu số";
    /// A commune is given other posts than its class is given.
    GivenApartFromNorm => "given_apart_from_norm", Notice, "số được giao khác định mức theo loại đơn vị hành chính",
        by "Nghị định số 33/2023/NĐ-CP, Điều 6, Điều 33", from (2023, 8, 1), to (2025, 7, 1);
    /// Parts do not add up to the total that is stated beside them.
    PartsAndTotal => "parts_and_total", Finding, "các phần cộng lại khác tổng số";
    /// The procedure has several deadlines, and the process does not say which is its own.
    SeveralDeadlines => "several_deadlines", Notice, "thủ tục có nhiều thời hạn, quy trình chưa nêu trường hợp";
    /// The day of effect of an issued document is not entered.
    EffectNotStated => "effect_not_stated", Notice, "chưa nhập ngày có hiệu lực của văn bản";
    /// A document takes effect sooner after its issue than its level may order.
    EffectTooEarly => "effect_too_early", Warning, "văn bản có hiệu lực sớm hơn quy định",
        by "Khoản 1 Điều 151 Luật 80/2015/QH13", from (2016, 7, 1), to (2025, 4, 1);
    /// Another document of the issuer bears the same number in the same year.
    NumberTwice => "number_twice", Warning, "trùng số, ký hiệu trong năm";
    /// Another document of the issuer bears the same title.
    TitleTwice => "title_twice", Notice, "trùng tên gọi văn bản";
    /// A document acts upon another before it takes effect itself.
    ActsBeforeEffect => "acts_before_effect", Warning, "tác động trước ngày văn bản có hiệu lực";
    /// A document is to act upon another when it holds no longer itself.
    ActsAfterEnd => "acts_after_end", Warning, "tác động sau khi văn bản đã hết hiệu lực";
    /// A document ends by itself on another day than by the document that ends it.
    EndDiffers => "end_differs", Finding, "ngày hết hiệu lực khác ngày bị thay thế, bãi bỏ";
    /// A document of an issuer that is no more goes on, and nobody is named who reviews it.
    NobodyReviews => "nobody_reviews", Warning, "văn bản của đơn vị không còn chưa có cơ quan rà soát";
    /// A review states other numbers of expired documents than are held.
    StatedDiffersFromHeld => "stated_differs_from_held", Notice, "số văn bản nêu khác số văn bản đã nhập";
    /// Unlawful documents were found and not all were handled.
    UnlawfulUnhandled => "unlawful_unhandled", Warning, "còn văn bản trái pháp luật chưa xử lý";
    /// Someone who is no public employee gets the seniority allowance of teachers.
    TeacherSeniority => "teacher_seniority", Warning, "phụ cấp thâm niên nhà giáo cho người không phải viên chức",
        by "Nghị định 77/2021/NĐ-CP, Điều 2", from (2021, 8, 1);
    /// A scheme covers another number of units than the tree of units has.
    UnitsDiffer => "units_differ", Warning, "số đơn vị có đề án khác số đơn vị theo cây tổ chức";
    /// More persons were sent to a course than it has places.
    MoreThanPlaces => "more_than_places", Warning, "số người được cử nhiều hơn chỉ tiêu";
    /// One identity number stands under several employee codes.
    SharedIdNumber => "shared_id_number", Warning, "một số định danh ghi cho nhiều mã hồ sơ cán bộ, công chức, viên chức",
        by "Luật Căn cước số 26/2023/QH15, Điều 12 khoản 2", from (2024, 7, 1);
    /// A rating of quality counts nobody.
    NobodyRated => "nobody_rated", Notice, "chưa có ai được xếp loại";
    /// A streamlining was decided, but the decision is not named.
    DecisionUnnamed => "decision_unnamed", Notice, "đã quyết định nhưng chưa nêu số, ngày quyết định";
    /// A later stage of a round of streamlining concerns more persons than one before it.
    MoreThanBefore => "more_than_before", Warning, "số trường hợp nhiều hơn bước trước của đợt tinh giản";
    /// A round of streamlining came so far before the year that it is of.
    BeforeItsYear => "before_its_year", Warning, "thực hiện trước năm của đợt tinh giản";
    /// Hours of work were looked at on a day on which nobody works.
    NoWorkingDay => "no_working_day", Warning, "kiểm tra vào ngày không làm việc";
    /// A visit is outside the days of its inspection.
    OutsideInspection => "outside_inspection", Warning, "lượt kiểm tra ngoài thời gian của đợt kiểm tra";
    /// What a unit was to do after a visit is late.
    FollowUpLate => "follow_up_late", Warning, "quá thời hạn khắc phục sau kiểm tra";
    /// Powers were handed over for a term that is not told.
    AuthorisationWithoutTerm => "authorisation_without_term", Warning, "ủy quyền chưa nêu thời hạn";
    /// Powers are still with, or from, a unit that has ended.
    DelegationOfEndedUnit => "delegation_of_ended_unit", Warning, "cơ quan giao hoặc nhận đã chấm dứt hoạt động";
    /// More was paid out of a plan than it holds.
    PaidBeyondPlan => "paid_beyond_plan", Finding, "giải ngân vượt kế hoạch vốn";
    /// Adjustments take more from a plan than it holds.
    PlanBelowZero => "plan_below_zero", Finding, "điều chỉnh giảm vượt kế hoạch vốn";
    /// A payment is told for a span that goes on over the day, so that its part until then is not known.
    UndividedSpan => "undivided_span", Notice, "giải ngân theo khoảng thời gian kéo dài qua ngày tính";
    /// Payments are told for spans that overlap: a sum since the year's beginning may stand beside its parts.
    OverlappingSpans => "overlapping_spans", Finding, "giải ngân theo các khoảng thời gian trùng nhau";
    /// Something was paid out of a plan before its year.
    PaidBeforeYear => "paid_before_year", Warning, "giải ngân trước năm kế hoạch";
    /// What was asked is not all paid after the due day.
    RemittanceOverdue => "remittance_overdue", Warning, "quá thời hạn thực hiện kiến nghị mà chưa nộp đủ";
    /// Money was paid back before the conclusion that asks for it.
    BeforeConclusion => "before_conclusion", Notice, "nộp tiền trước ngày kết luận";
    /// The figures of a quarter were made public more than fifteen days after its end.
    LateDisclosure => "late_disclosure", Warning, "công khai tình hình thực hiện ngân sách quý quá 15 ngày",
        by "Luật Ngân sách nhà nước số 83/2015/QH13, Điều 15 khoản 3", from (2017, 1, 1), to (2026, 1, 1);
    /// Final accounts were handed in after their due day.
    AccountsLate => "accounts_late", Warning, "nộp báo cáo quyết toán quá hạn";
    /// Final accounts are not handed in though their due day is over.
    NotSubmitted => "not_submitted", Warning, "quá hạn mà chưa nộp báo cáo quyết toán";
    /// Decisions were counted together over days that reach beyond those that are asked for.
    SpanBeyondDays => "span_beyond_days", Notice, "quyết định tính gộp theo khoảng thời gian vượt ngoài thời gian tổng hợp";
    /// Decisions that were counted together overlap others of their kind: some may be counted twice.
    GroupOverlaps => "group_overlaps", Warning, "quyết định tính gộp trùng thời gian với quyết định khác cùng loại";
}

impl Rule {
    /// Whether the provision that it rests on holds on a day.
    #[must_use]
    pub fn holds_on(self, day: NaiveDate) -> bool {
        let (from, to) = self.validity();
        from.is_none_or(|first| first <= day) && to.is_none_or(|end| day < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_ends_began_and_every_code_is_its_own() {
        let mut codes = std::collections::HashSet::new();
        for rule in Rule::ALL {
            assert!(codes.insert(rule.as_str()), "{rule:?}");
            if let (Some(from), Some(to)) = rule.validity() {
                assert!(from < to, "{rule:?}");
                assert!(rule.holds_on(from) && !rule.holds_on(to), "{rule:?}");
            }
            assert_eq!(rule.validity() == (None, None), rule.basis().is_none(), "{rule:?}");
        }
    }
}
