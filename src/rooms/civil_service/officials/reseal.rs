//! Sealing officials anew, under the newest key: a part of `cchc keys reseal`.

use super::model::OfficialId;
use super::person::place;
use kernel::db::schema::officials;
use kernel::reseal_people;

reseal_people! {
    /// Seals officials anew that are sealed under an older key; answers how many. The records themselves stay
    /// as they are.
    officials: OfficialId, |id| { person: place(id) }
}
