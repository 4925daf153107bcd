//! A dossier as it is stored, with what its writing needs beside it.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::apology::ApologyLetter;
use super::due::{Due, DueBasis, Timeliness, Wait, outcome, pending};
use super::life::DossierStatus;
use super::model::{Channel, Dossier, DossierCreate, DossierId, Named};
use super::people::{DossierPerson, DossierPersonShown, Part};
use crate::procedures::fields::ProcedureFieldId;
use crate::procedures::model::{ProcedureId, ProcedureVersionId};
use kernel::api::records::Row;
use kernel::audit::personal_reads::Shown;
use kernel::auth::keys::PersonalKeys;
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::schema::dossiers;
use kernel::db::types::Instant;
use kernel::error::ApiError;
use kernel::people::PersonKind;
use kernel::record_types::RecordType;
use kernel::tree::{OrgUnitId, Tier};
use kernel::unit_reference::label;
use kernel::validity::OPEN_END;

/// A unit that has, or had, a dossier to resolve (đơn vị giữ hồ sơ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The unit.
    pub unit: OrgUnitId,
    /// Its province.
    pub province: OrgUnitId,
    /// Its tier on the day on which it got the dossier.
    pub tier: Tier,
    /// That day.
    pub since: NaiveDate,
}

/// A dossier as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = dossiers, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the fields are explained on Dossier")]
pub struct DossierRow {
    pub id: DossierId,
    /// The province of the unit that resolves it.
    pub province_id: OrgUnitId,
    /// The unit that resolves it.
    pub org_unit_id: OrgUnitId,
    pub receiving_province_id: OrgUnitId,
    pub receiving_unit_id: OrgUnitId,
    /// The tier of the unit that received it, on that day.
    pub receiving_tier: Tier,
    pub code: String,
    pub procedure_id: ProcedureId,
    pub procedure_version_id: ProcedureVersionId,
    pub field_id: Option<ProcedureFieldId>,
    pub rules_version: i64,
    pub channel: Channel,
    pub owner_kind: PersonKind,
    /// The owner, sealed; none once the data were erased.
    pub owner: Option<String>,
    /// The digest of the owner's identity number.
    pub owner_digest: Option<String>,
    pub submitter_kind: Option<PersonKind>,
    /// The submitter, sealed.
    pub submitter: Option<String>,
    /// The digest of the submitter's identity number.
    pub submitter_digest: Option<String>,
    pub received_at: Instant,
    pub due_at: Option<Instant>,
    /// The due day, or [`OPEN_END`] where there is none.
    pub due_on: NaiveDate,
    pub due_basis: DueBasis,
    pub status: DossierStatus,
    pub resolved_at: Option<Instant>,
    pub returned_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    /// Working days from receipt to resolution, without those waited; none where holidays are not known.
    pub working_days: Option<i64>,
    /// The day behind which it is late, as [`Self::is_late_after`] says; stored, so that an index finds it.
    pub late_after: Option<NaiveDate>,
    pub rescheduled_to: Option<NaiveDate>,
    /// The letter by which that day was promised, where something is told of it.
    pub apology_letter: Option<JsonText<ApologyLetter>>,
    pub fee_vnd: Option<i64>,
    pub paid_online: bool,
    pub input_digitised: bool,
    pub result_digitised: bool,
    pub foreign_code: Option<String>,
    pub linked_code: Option<String>,
    pub source_updated_at: Option<Instant>,
    /// Every wait, the last one perhaps still lasting.
    pub waits: JsonText<Vec<Wait>>,
    /// Every unit that had it to resolve, the present one last.
    pub holders: JsonText<Vec<Holder>>,
    pub generated: bool,
    pub erased_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl DossierRow {
    /// The day of receipt, in Vietnam.
    #[must_use]
    pub fn received_on(&self) -> NaiveDate {
        self.received_at.vietnam_day()
    }

    /// When it is due.
    #[must_use]
    pub fn due(&self) -> Due {
        Due { on: (self.due_on != OPEN_END).then_some(self.due_on), at: self.due_at, basis: self.due_basis }
    }

    /// Whether this is the moment that was computed for it, so that whoever sends it back states nothing.
    #[must_use]
    pub fn is_due_as_computed(&self, due_at: Option<Instant>) -> bool {
        self.due_basis != DueBasis::Stated && due_at.is_some() && due_at == self.due_at
    }

    /// Sets when it is due.
    pub fn set_due(&mut self, due: Due) {
        (self.due_on, self.due_at, self.due_basis) = (due.on.unwrap_or(OPEN_END), due.at, due.basis);
    }

    /// The day behind which it is late: its due day while it is pending and no wait stops the clock, and for
    /// ever once it was resolved too late. None where it cannot be late, or no longer.
    #[must_use]
    pub fn is_late_after(&self) -> Option<NaiveDate> {
        let due = self.due();
        let may_be_late = match (self.status, self.resolved_at) {
            (DossierStatus::Resolved | DossierStatus::Returned, Some(at)) => {
                outcome(at, due) == Timeliness::Overdue
            }
            (status, _) => status.is_pending() && !self.waiting().is_some_and(|wait| wait.stops),
        };
        due.on.filter(|_| may_be_late)
    }

    /// The wait that lasts.
    #[must_use]
    pub fn waiting(&self) -> Option<&Wait> {
        self.waits.0.last().filter(|wait| wait.until.is_none())
    }

    /// Whether it is in time now.
    #[must_use]
    pub fn timeliness(&self, now: Instant) -> Option<Timeliness> {
        match (self.status, self.resolved_at) {
            (DossierStatus::Resolved | DossierStatus::Returned, Some(at)) => Some(outcome(at, self.due())),
            (status, _) if status.is_pending() => {
                let is_stopped = self.waiting().is_some_and(|wait| wait.stops);
                Some(pending(now, self.due(), is_stopped))
            }
            _ => None,
        }
    }

    /// Its owner, in clear; none once erased.
    ///
    /// # Errors
    /// When the keys are not those under which the data were sealed.
    pub fn owner(&self, keys: &PersonalKeys) -> Result<Option<DossierPerson>, ApiError> {
        let open = |sealed: &String| Part::Owner.open(keys, self.id, self.owner_kind, sealed);
        self.owner.as_ref().map(open).transpose()
    }

    /// Its submitter, in clear; none where there is none, or once erased.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub fn submitter(&self, keys: &PersonalKeys) -> Result<Option<DossierPerson>, ApiError> {
        let (Some(kind), Some(sealed)) = (self.submitter_kind, &self.submitter) else { return Ok(None) };
        Part::Submitter.open(keys, self.id, kind, sealed).map(Some)
    }
}

/// What a dossier tells of its procedure, as it was when it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfProcedure {
    /// National code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Name of its field.
    pub field: Option<String>,
}

/// A dossier with what it tells of its procedure.
#[derive(Debug, Clone, Eq)]
pub struct HeldDossier {
    /// The dossier.
    pub row: DossierRow,
    /// Its procedure.
    pub procedure: OfProcedure,
    /// The dossier that this one replaces, so that the counts follow.
    pub before: Option<Box<DossierRow>>,
    /// Its people as they were just told, masked: whoever is to see no more need not open what was sealed.
    pub masked: Option<MaskedPeople>,
}

/// The people of a dossier, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedPeople {
    /// Whose dossier it is.
    pub owner: DossierPersonShown,
    /// Who handed it in.
    pub submitter: Option<DossierPersonShown>,
}

impl MaskedPeople {
    /// These people, masked.
    #[must_use]
    pub fn of(owner: &DossierPerson, submitter: Option<&DossierPerson>) -> Self {
        let masked = DossierPersonShown::masked;
        Self { owner: masked(owner), submitter: submitter.map(masked) }
    }
}

/// What is told of the procedure does not make it another dossier.
impl PartialEq for HeldDossier {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Row for HeldDossier {
    type Id = DossierId;

    fn id(&self) -> DossierId {
        self.row.id
    }

    fn version(&self) -> i64 {
        self.row.version
    }

    fn revise(&mut self, at: Instant) {
        self.row.version += 1;
        self.row.updated_at = at;
    }
}

impl HeldDossier {
    /// The answer: names of units as of their days, people masked unless the account sees them.
    ///
    /// # Errors
    /// When the personal data were sealed under other keys.
    pub fn answer(&self, scoped: &Scoped, now: Instant) -> Result<Dossier, ApiError> {
        let row = &self.row;
        let tree = scoped.tree();
        let since = row.holders.0.last().map_or_else(|| row.received_on(), |holder| holder.since);
        let named = Named {
            receiving: label(tree, row.receiving_unit_id, row.received_on()),
            resolving: label(tree, row.org_unit_id, since),
        };
        let is_clear = scoped.sees_personal(&[row.receiving_unit_id, row.org_unit_id]);
        let (owner, submitter) = match &self.masked {
            Some(MaskedPeople { owner, submitter }) if !is_clear => (owner.clone(), submitter.clone()),
            _ => self.opened(scoped.personal_keys()?, is_clear)?,
        };
        let dossier = self.told(named, owner, submitter, now);
        Ok(Dossier { is_clear: is_clear && row.erased_at.is_none(), ..dossier })
    }

    fn opened(
        &self,
        keys: &PersonalKeys,
        is_clear: bool,
    ) -> Result<(DossierPersonShown, Option<DossierPersonShown>), ApiError> {
        let row = &self.row;
        let shown = |kind: PersonKind, person: Option<DossierPerson>| match person {
            None => DossierPersonShown::erased(kind),
            Some(person) if is_clear => DossierPersonShown::clear(person),
            Some(person) => DossierPersonShown::masked(&person),
        };
        let submitter = match row.submitter_kind {
            Some(kind) => Some(shown(kind, row.submitter(keys)?)),
            None => None,
        };
        Ok((shown(row.owner_kind, row.owner(keys)?), submitter))
    }

    fn told(
        &self,
        Named { receiving, resolving }: Named,
        owner: DossierPersonShown,
        submitter: Option<DossierPersonShown>,
        now: Instant,
    ) -> Dossier {
        let Self { row, procedure, .. } = self;
        Dossier {
            id: row.id,
            code: row.code.clone(),
            procedure_id: row.procedure_id,
            procedure_code: procedure.code.clone(),
            procedure_name: procedure.name.clone(),
            field_name: procedure.field.clone(),
            receiving_unit_id: receiving.org_unit_id,
            receiving_unit_code: receiving.org_unit_code,
            receiving_unit_identifier: receiving.org_unit_identifier,
            receiving_unit_name: receiving.org_unit_name,
            resolving_unit_id: resolving.org_unit_id,
            resolving_unit_code: resolving.org_unit_code,
            resolving_unit_identifier: resolving.org_unit_identifier,
            resolving_unit_name: resolving.org_unit_name,
            channel: row.channel,
            owner,
            submitter,
            received_at: row.received_at,
            due_at: row.due_at,
            due_on: row.due().on,
            status: row.status,
            timeliness: row.timeliness(now),
            portal_status: row.status.portal_code(),
            rules_version: row.rules_version,
            waiting_since: row.waiting().map(|wait| wait.since),
            resolved_at: row.resolved_at,
            returned_at: row.returned_at,
            closed_at: row.closed_at,
            rescheduled_to: row.rescheduled_to,
            fee_vnd: row.fee_vnd,
            paid_online: row.paid_online,
            input_digitised: row.input_digitised,
            result_digitised: row.result_digitised,
            foreign_code: row.foreign_code.clone(),
            linked_code: row.linked_code.clone(),
            source_updated_at: row.source_updated_at,
            generated: row.generated,
            erased_at: row.erased_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            province_id: row.province_id,
            is_clear: false,
        }
    }

    /// The whole dossier as it would be sent to say the same; of an erased owner the kind alone.
    ///
    /// # Errors
    /// When the keys are not those under which the data were sealed.
    pub fn body(&self, keys: &PersonalKeys) -> Result<DossierCreate, ApiError> {
        let row = &self.row;
        let owner = row.owner(keys)?.unwrap_or_else(|| DossierPerson::erased(row.owner_kind));
        Ok(DossierCreate {
            code: row.code.clone(),
            procedure_id: Some(row.procedure_id),
            procedure_code: None,
            receiving_unit_id: Some(row.receiving_unit_id),
            receiving_unit_identifier: None,
            receiving_unit_code: None,
            resolving_unit_id: Some(row.org_unit_id),
            resolving_unit_identifier: None,
            resolving_unit_code: None,
            channel: row.channel,
            owner,
            submitter: row.submitter(keys)?,
            received_at: row.received_at,
            due_at: row.due_at.filter(|_| row.due_basis == DueBasis::Stated),
            status: Some(row.status),
            // What waits since receipt goes with it.
            waiting_since: row.waiting().map(|wait| wait.since).filter(|since| *since != row.received_at),
            resolved_at: row.resolved_at,
            returned_at: row.returned_at,
            closed_at: row.closed_at,
            rescheduled_to: row.rescheduled_to,
            fee_vnd: row.fee_vnd,
            paid_online: row.paid_online,
            input_digitised: row.input_digitised,
            result_digitised: row.result_digitised,
            foreign_code: row.foreign_code.clone(),
            linked_code: row.linked_code.clone(),
            source_updated_at: row.source_updated_at,
            keeps_due: false,
        })
    }
}

impl Dossier {
    /// What the journal is told where this answer shows people in clear.
    pub(super) fn in_clear(&self) -> Option<Shown> {
        self.is_clear.then(|| Shown {
            record_type: RecordType::Dossier.as_str(),
            id: self.id.to_string(),
            version: self.version,
            unit: self.resolving_unit_id,
            province: Some(self.province_id),
        })
    }
}
