//! Sealing petitioners anew, under the newest key: a part of `cchc keys reseal`.

use super::model::CitizenFeedbackId;
use super::petitioner::place;
use kernel::db::schema::citizen_feedback;
use kernel::reseal_people;

reseal_people! {
    /// Seals petitioners anew that are sealed under an older key; answers how many. The records themselves stay
    /// as they are.
    citizen_feedback: CitizenFeedbackId, |id| { petitioner: place(id) }
}
