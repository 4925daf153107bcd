//! Sealing what is kept of people anew, under the newest key: `cchc keys reseal`, behind a rotation.

use super::model::DossierId;
use super::people::Part;
use kernel::db::schema::dossiers;
use kernel::reseal_people;

reseal_people! {
    /// Seals people of dossiers anew that are sealed under an older key; answers how many dossiers. The
    /// records themselves stay as they are.
    dossiers: DossierId, |id| { owner: Part::Owner.place(id), submitter: Part::Submitter.place(id) }
}
