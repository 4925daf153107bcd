//! The life of a dossier: its statuses, the steps between them, and which step is legal when. Pure.

use std::collections::VecDeque;

use kernel::error::{ApiError, Bilingual, Fault};
use kernel::text_enum;

text_enum! {
    /// Status of a dossier (trạng thái hồ sơ).
    pub enum DossierStatus {
        /// Submitted, not yet looked at; outside form 06.
        Registered => "registered", "mới đăng ký";
        /// Not accepted for processing; outside form 06.
        NotAccepted => "not_accepted", "không được tiếp nhận";
        /// Received.
        Received => "received", "được tiếp nhận";
        /// Being processed.
        Processing => "processing", "đang xử lý";
        /// Waiting for papers of the applicant.
        AwaitingSupplement => "awaiting_supplement", "chờ bổ sung giấy tờ";
        /// Waiting for a payment of the applicant.
        AwaitingPayment => "awaiting_payment", "chờ thực hiện nghĩa vụ tài chính";
        /// Stopped.
        Stopped => "stopped", "dừng xử lý";
        /// Withdrawn by the applicant.
        Withdrawn => "withdrawn", "công dân yêu cầu rút hồ sơ";
        /// Refused.
        Refused => "refused", "từ chối giải quyết";
        /// Resolved; the result waits to be fetched.
        Resolved => "resolved", "đã xử lý xong";
        /// The result was returned.
        Returned => "returned", "đã trả kết quả";
    }
}

text_enum! {
    /// A step in the life of a dossier (bước xử lý hồ sơ).
    pub enum DossierStep {
        /// A registered dossier is accepted.
        Acceptance => "acceptance", "tiếp nhận";
        /// A registered dossier is not accepted.
        Rejection => "rejection", "không tiếp nhận";
        /// Processing begins.
        Processing => "processing", "chuyển xử lý";
        /// The applicant is asked for papers.
        SupplementRequest => "supplement-request", "yêu cầu bổ sung hồ sơ";
        /// The papers came.
        Supplement => "supplement", "bổ sung hồ sơ";
        /// The applicant is asked to pay.
        PaymentRequest => "payment-request", "yêu cầu thực hiện nghĩa vụ tài chính";
        /// The payment came.
        Payment => "payment", "đã thực hiện nghĩa vụ tài chính";
        /// Processing is stopped.
        Stop => "stop", "dừng xử lý";
        /// Processing goes on.
        Resumption => "resumption", "tiếp tục xử lý";
        /// Another day is promised, with an apology.
        Extension => "extension", "xin lỗi và hẹn lại ngày trả";
        /// The dossier is resolved.
        Resolution => "resolution", "xử lý xong";
        /// The result is returned.
        Return => "return", "trả kết quả";
        /// The applicant withdraws.
        Withdrawal => "withdrawal", "rút hồ sơ";
        /// The application is refused.
        Refusal => "refusal", "từ chối giải quyết";
        /// The dossier is handed over to another unit.
        Transfer => "transfer", "bàn giao hồ sơ";
    }
}

impl DossierStatus {
    /// The code of the national portal (mã trạng thái trên Cổng dịch vụ công quốc gia), 1 to 10; a
    /// refusal has none.
    #[must_use]
    pub const fn portal_code(self) -> Option<i32> {
        match self {
            Self::Registered => Some(1),
            Self::Received => Some(2),
            Self::NotAccepted => Some(3),
            Self::Processing => Some(4),
            Self::AwaitingSupplement => Some(5),
            Self::AwaitingPayment => Some(6),
            Self::Withdrawn => Some(7),
            Self::Stopped => Some(8),
            Self::Resolved => Some(9),
            Self::Returned => Some(10),
            Self::Refused => None,
        }
    }

    /// The status that a code of the national portal means. The portal has one code for what was not taken
    /// in and for what was refused later: which, tells whether the dossier had been received.
    #[must_use]
    pub fn of_portal_code(code: i32, was_received: bool) -> Option<Self> {
        match Self::ALL.iter().copied().find(|status| status.portal_code() == Some(code))? {
            Self::NotAccepted if was_received => Some(Self::Refused),
            status => Some(status),
        }
    }

    /// Whether form 06 counts dossiers of this status.
    #[must_use]
    pub const fn is_counted(self) -> bool {
        !matches!(self, Self::Registered | Self::NotAccepted)
    }

    /// Whether it is neither resolved nor closed yet.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(
            self,
            Self::Received
                | Self::Processing
                | Self::AwaitingSupplement
                | Self::AwaitingPayment
                | Self::Stopped
        )
    }

    /// Whether the unit waits for someone else. Whether that stops the clock, the rules say.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::AwaitingSupplement | Self::AwaitingPayment | Self::Stopped)
    }

    /// The steps that are legal.
    #[must_use]
    pub const fn steps(self) -> &'static [DossierStep] {
        use DossierStep::{
            Acceptance, Extension, Payment, PaymentRequest, Processing, Refusal, Rejection, Resolution,
            Resumption, Return, Stop, Supplement, SupplementRequest, Transfer, Withdrawal,
        };
        match self {
            Self::Registered => &[Acceptance, Rejection],
            Self::Received => &[
                Processing,
                SupplementRequest,
                PaymentRequest,
                Stop,
                Extension,
                Resolution,
                Withdrawal,
                Refusal,
                Transfer,
            ],
            Self::Processing => &[
                SupplementRequest,
                PaymentRequest,
                Stop,
                Extension,
                Resolution,
                Withdrawal,
                Refusal,
                Transfer,
            ],
            Self::AwaitingSupplement => &[Supplement, Extension, Withdrawal, Refusal, Transfer],
            Self::AwaitingPayment => &[Payment, Extension, Withdrawal, Refusal, Transfer],
            Self::Stopped => &[Resumption, Extension, Withdrawal, Refusal, Transfer],
            Self::Resolved => &[Return],
            Self::NotAccepted | Self::Withdrawn | Self::Refused | Self::Returned => &[],
        }
    }

    /// The fewest steps that lead from here to another status; none where no steps do.
    #[must_use]
    pub fn steps_to(self, target: Self) -> Option<Vec<DossierStep>> {
        let mut known = vec![self];
        let mut ways: VecDeque<(Self, Vec<DossierStep>)> = VecDeque::from([(self, Vec::new())]);
        while let Some((status, way)) = ways.pop_front() {
            for step in status.steps() {
                let Some(next) = step.leads_to().filter(|next| !known.contains(next)) else { continue };
                let mut further = way.clone();
                further.push(*step);
                if next == target {
                    return Some(further);
                }
                known.push(next);
                ways.push_back((next, further));
            }
        }
        None
    }

    /// The statuses that a dossier may come to from here, by one step or several, in their order.
    #[must_use]
    pub fn reachable(self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(status) = open.pop() {
            for step in status.steps() {
                if let Some(next) = step.leads_to().filter(|next| *next != self && !found.contains(next)) {
                    found.push(next);
                    open.push(next);
                }
            }
        }
        found.sort_unstable();
        found
    }
}

impl DossierStep {
    /// The status after the step; none where the status stays.
    #[must_use]
    pub const fn leads_to(self) -> Option<DossierStatus> {
        Some(match self {
            Self::Acceptance => DossierStatus::Received,
            Self::Rejection => DossierStatus::NotAccepted,
            Self::Processing | Self::Supplement | Self::Payment | Self::Resumption => {
                DossierStatus::Processing
            }
            Self::SupplementRequest => DossierStatus::AwaitingSupplement,
            Self::PaymentRequest => DossierStatus::AwaitingPayment,
            Self::Stop => DossierStatus::Stopped,
            Self::Resolution => DossierStatus::Resolved,
            Self::Return => DossierStatus::Returned,
            Self::Withdrawal => DossierStatus::Withdrawn,
            Self::Refusal => DossierStatus::Refused,
            Self::Extension | Self::Transfer => return None,
        })
    }
}

/// The status after a step.
///
/// # Errors
/// 422 with the legal steps, when this is none of them.
pub fn step(status: DossierStatus, step: DossierStep) -> Result<DossierStatus, ApiError> {
    if status.steps().contains(&step) {
        return Ok(step.leads_to().unwrap_or(status));
    }
    let listed = |name: fn(&DossierStep) -> &'static str| {
        status.steps().iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let (vi, en) = if status.steps().is_empty() {
        ("không còn bước nào".to_owned(), "no step any more".to_owned())
    } else {
        (listed(|step| step.label_vi()), listed(|step| step.as_str()))
    };
    let message = Bilingual::new(
        format!("Hồ sơ {} không thể {}; các bước hợp lệ: {vi}.", status.label_vi(), step.label_vi()),
        format!("A dossier that is {status} does not take the step {step}; legal are: {en}."),
    );
    Err(ApiError::invalid(vec![Fault::new("/status", "illegal_step", message)]))
}

/// Lets a whole record say another status, which steps must lead to.
///
/// # Errors
/// The fault, with the statuses that steps lead to.
pub fn becomes(before: DossierStatus, after: DossierStatus) -> Result<(), Fault> {
    let reachable = before.reachable();
    if before == after || reachable.contains(&after) {
        return Ok(());
    }
    let listed =
        |name: fn(&DossierStatus) -> &'static str| reachable.iter().map(name).collect::<Vec<_>>().join(", ");
    let (vi, en) = if reachable.is_empty() {
        ("không trạng thái nào".to_owned(), "none".to_owned())
    } else {
        (listed(|status| status.label_vi()), listed(|status| status.as_str()))
    };
    let message = Bilingual::new(
        format!(
            "Hồ sơ {} không thể chuyển thành {}; có thể chuyển thành: {vi}. Trạng thái ghi sai được sửa bằng thao tác đính chính, có nêu lý do.",
            before.label_vi(),
            after.label_vi()
        ),
        format!(
            "A dossier that is {before} does not become {after}, but: {en}. A status that was wrong is corrected by a restatement, with its reason."
        ),
    );
    Err(Fault::new("/status", "illegal_step", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_leads_where_the_table_says_and_an_illegal_one_names_the_legal() {
        assert_eq!(step(DossierStatus::Received, DossierStep::Resolution).unwrap(), DossierStatus::Resolved);
        assert_eq!(step(DossierStatus::Stopped, DossierStep::Transfer).unwrap(), DossierStatus::Stopped);
        let refused = step(DossierStatus::Resolved, DossierStep::Stop).unwrap_err();
        assert!(refused.faults()[0].message.en.contains("return"), "{refused:?}");
        assert!(step(DossierStatus::Returned, DossierStep::Return).is_err());
    }

    #[test]
    fn what_is_over_stays_over() {
        for over in DossierStatus::ALL.iter().filter(|status| status.steps().is_empty()) {
            assert!(over.reachable().is_empty(), "{over}");
        }
        assert_eq!(DossierStatus::Resolved.reachable(), [DossierStatus::Returned]);
        let open = DossierStatus::Processing.reachable();
        assert!(open.contains(&DossierStatus::Returned) && !open.contains(&DossierStatus::Received));
        assert!(becomes(DossierStatus::Returned, DossierStatus::Processing).is_err());
        assert!(becomes(DossierStatus::Registered, DossierStatus::Returned).is_ok());
    }

    #[test]
    fn the_fewest_steps_lead_to_a_status() {
        use DossierStep::{Acceptance, Resolution, Supplement};
        let way = |from: DossierStatus, to| from.steps_to(to);
        assert_eq!(
            way(DossierStatus::AwaitingSupplement, DossierStatus::Resolved),
            Some(vec![Supplement, Resolution])
        );
        assert_eq!(
            way(DossierStatus::Registered, DossierStatus::Resolved),
            Some(vec![Acceptance, Resolution])
        );
        assert_eq!(way(DossierStatus::Returned, DossierStatus::Processing), None);
        for (from, to) in
            DossierStatus::ALL.iter().flat_map(|a| DossierStatus::ALL.iter().map(move |b| (a, b)))
        {
            assert_eq!(way(*from, *to).is_some() && from != to, from.reachable().contains(to), "{from} {to}");
        }
    }

    #[test]
    fn the_code_of_a_refusal_tells_by_receipt_which_it_is() {
        assert_eq!(DossierStatus::of_portal_code(3, false), Some(DossierStatus::NotAccepted));
        assert_eq!(DossierStatus::of_portal_code(3, true), Some(DossierStatus::Refused));
        assert_eq!(DossierStatus::of_portal_code(9, true), Some(DossierStatus::Resolved));
        assert_eq!(DossierStatus::of_portal_code(11, true), None);
    }

    #[test]
    fn ten_statuses_have_a_code_of_the_portal_each() {
        let mut codes: Vec<_> = DossierStatus::ALL.iter().filter_map(|status| status.portal_code()).collect();
        codes.sort_unstable();
        assert_eq!(codes, (1..=10).collect::<Vec<_>>());
    }
}
