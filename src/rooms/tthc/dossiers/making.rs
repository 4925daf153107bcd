//! How the row of a dossier is made of what is told of it: its units, waits, due day and people.

use chrono::NaiveDate;

use super::due::{Due, DueBasis, Wait, working_days_between};
use super::facts::{ClockRules, Facts, VersionFacts};
use super::life::becomes;
use super::model::{DossierCreate, DossierId};
use super::people::{DossierPerson, Part};
use super::row::{DossierRow, HeldDossier, Holder, MaskedPeople};
use super::rules;
use super::waits::{begins_too_early, happened_at, received_anew};
use kernel::api::json::check;
use kernel::api::records::Draft;
use kernel::auth::scope::Scoped;
use kernel::db::json_text::JsonText;
use kernel::db::types::Instant;
use kernel::error::{ApiError, Bilingual, Fault, Problem};
use kernel::people::{PersonKind, number_digest};
use kernel::reporting::working_days::Calendar;
use kernel::text::day_vi;
use kernel::tree::{OrgTree, OrgUnitId};
use kernel::unit_reference::{UnitName, named_as};
use kernel::validity::OPEN_END;

/// Makes rows of bodies.
pub(super) struct Making<'a> {
    pub(super) scoped: &'a Scoped,
    pub(super) facts: &'a Facts,
    pub(super) at: Instant,
}

/// The two units of a body.
struct Units {
    receiving: OrgUnitId,
    resolving: OrgUnitId,
}

impl Making<'_> {
    pub(super) fn dossier(&self, draft: Draft<DossierCreate, HeldDossier>) -> Result<HeldDossier, ApiError> {
        let Draft { mut body, present } = draft;
        check(&body)?;
        let present = present.map(|held| held.row);
        if let Some(row) = &present {
            body.waiting_since = body.waiting_since.filter(|since| !waits_since_receipt(row, &body, *since));
        }
        let mut faults = rules::faults(&body, self.at);
        let procedure =
            self.facts.procedure(&body, present.as_ref()).map_err(|fault| faults.push(fault)).ok();
        let units = self.units(&body, present.as_ref()).map_err(|found| faults.extend(found)).ok();
        if let Some(row) = &present {
            faults.extend(becomes(row.status, body.status()).err());
            let waits = received_anew(&row.waits.0, row.received_at, body.received_at);
            faults.extend(begins_too_early(&waits, row.status == body.status(), body.waiting_since));
            if row.code != body.code {
                faults.push(names_the_dossier("/code"));
            }
            if units.as_ref().is_some_and(|units| units.receiving != row.receiving_unit_id) {
                faults.push(names_the_dossier("/receiving_unit_id"));
            }
        }
        let (Some(procedure), Some(units), true) = (procedure, units, faults.is_empty()) else {
            return Err(ApiError::invalid(faults));
        };
        // Whoever may change a dossier may hand it over to whom they do not reach.
        let is_reached = self.scoped.reaches(units.receiving) || self.scoped.reaches(units.resolving);
        if present.is_none() && !is_reached {
            return Err(ApiError::new(Problem::Forbidden).with_faults(vec![out_of_reach()]));
        }
        if let Some(row) = &present
            && body.source_updated_at.is_some()
            && body.source_updated_at < row.source_updated_at
        {
            return Err(ApiError::new(Problem::Stale));
        }
        let received_on = body.received_at.vietnam_day();
        let is_kept =
            |row: &&DossierRow| row.procedure_id == procedure && row.received_at == body.received_at;
        let kept = present.as_ref().filter(is_kept).map(|row| row.procedure_version_id);
        let version = self.facts.version(procedure, received_on, kept)?;
        let rules = match &present {
            Some(row) if row.received_at == body.received_at => self.facts.rules(row.rules_version)?,
            _ => self.facts.rules_on(received_on)?,
        };
        let is_erased = present.as_ref().is_some_and(|row| row.erased_at.is_some());
        let masked = (!is_erased).then(|| MaskedPeople::of(&body.owner, body.submitter.as_ref()));
        let row = self.row(body, present.as_ref(), &units, version, rules)?;
        Ok(HeldDossier { procedure: self.facts.told(version), before: present.map(Box::new), row, masked })
    }

    /// The units that a body names: one that receives was in force on that day, one that resolves then or
    /// later.
    fn units(&self, body: &DossierCreate, present: Option<&DossierRow>) -> Result<Units, Vec<Fault>> {
        let tree = self.scoped.tree();
        let (day, today) = (body.received_at.vietnam_day(), self.scoped.today());
        let receiving = named_as(body.receiving_unit().resolve(tree, day), "receiving_unit")?;
        if !tree.in_force(receiving, day) && present.is_none() {
            return Err(vec![not_in_force(tree, &body.receiving_unit(), "receiving_unit", receiving, day)]);
        }
        let name = body.resolving_unit();
        let named =
            name.resolve_optional(tree, day).or_else(|faults| match name.resolve_optional(tree, today) {
                Ok(later) => Ok(later),
                Err(_) => Err(faults),
            });
        let resolving = named_as(named, "resolving_unit")?;
        let resolving = resolving.or_else(|| present.map(|row| row.org_unit_id)).unwrap_or(receiving);
        let begins_later = tree.first_day(resolving).is_some_and(|first| first > day);
        if !tree.in_force(resolving, day)
            && !begins_later
            && present.is_none_or(|it| it.org_unit_id != resolving)
        {
            return Err(vec![not_in_force(tree, &name, "resolving_unit", resolving, day)]);
        }
        Ok(Units { receiving, resolving })
    }

    fn row(
        &self,
        body: DossierCreate,
        present: Option<&DossierRow>,
        units: &Units,
        version: &VersionFacts,
        rules: &ClockRules,
    ) -> Result<DossierRow, ApiError> {
        let status = body.status();
        let received_on = body.received_at.vietnam_day();
        let holders = self.holders(&body, present, units)?;
        let receiver = self.holder(units.receiving, received_on, "/receiving_unit_id")?;
        let last = holders.last().unwrap_or(&receiver);
        let (province_id, org_unit_id) = (last.province, last.unit);
        let waits = self.waits(&body, present, rules);
        let due = self.due(&body, present, version, &waits)?;
        let id = present.map_or_else(DossierId::new, |row| row.id);
        let people = self.people(&body, present, id)?;
        let mut row = DossierRow {
            id,
            province_id,
            org_unit_id,
            receiving_province_id: present.map_or(receiver.province, |row| row.receiving_province_id),
            receiving_unit_id: units.receiving,
            receiving_tier: receiver.tier,
            code: body.code,
            procedure_id: version.procedure_id,
            procedure_version_id: version.id,
            field_id: version.field_id,
            rules_version: rules.version,
            channel: body.channel,
            owner_kind: people.owner_kind,
            owner: people.owner.0,
            owner_digest: people.owner.1,
            submitter_kind: people.submitter_kind,
            submitter: people.submitter.0,
            submitter_digest: people.submitter.1,
            received_at: body.received_at,
            due_at: None,
            due_on: OPEN_END,
            due_basis: DueBasis::Nothing,
            status,
            resolved_at: body.resolved_at,
            returned_at: body.returned_at,
            closed_at: body.closed_at,
            working_days: None,
            late_after: None,
            rescheduled_to: body.rescheduled_to,
            apology_letter: present
                .filter(|row| row.rescheduled_to == body.rescheduled_to)
                .and_then(|row| row.apology_letter.clone()),
            fee_vnd: body.fee_vnd,
            paid_online: body.paid_online,
            input_digitised: body.input_digitised,
            result_digitised: body.result_digitised,
            foreign_code: body.foreign_code,
            linked_code: body.linked_code,
            source_updated_at: body.source_updated_at.or_else(|| present?.source_updated_at),
            waits: JsonText(waits),
            holders: JsonText(holders),
            generated: present.is_some_and(|row| row.generated),
            erased_at: present.and_then(|row| row.erased_at),
            version: present.map_or(0, |row| row.version),
            created_at: present.map_or(self.at, |row| row.created_at),
            updated_at: present.map_or(self.at, |row| row.updated_at),
        };
        row.set_due(due);
        row.working_days = working_days(&self.facts.calendar, &row);
        row.late_after = row.is_late_after();
        Ok(row)
    }

    /// Who had it: the unit that resolves it, before that one began the unit that received it. A pending
    /// dossier of which another unit is told was handed over.
    fn holders(
        &self,
        body: &DossierCreate,
        present: Option<&DossierRow>,
        units: &Units,
    ) -> Result<Vec<Holder>, ApiError> {
        let received_on = body.received_at.vietnam_day();
        let Some(row) = present else {
            let tree = self.scoped.tree();
            let resolver = self.holder(units.resolving, received_on, "/resolving_unit_id")?;
            let begins = tree.first_day(units.resolving).filter(|first| *first > received_on);
            return match begins {
                Some(since) if units.resolving != units.receiving => {
                    let receiver = self.holder(units.receiving, received_on, "/receiving_unit_id")?;
                    Ok(vec![receiver, Holder { since, ..resolver }])
                }
                _ => Ok(vec![resolver]),
            };
        };
        let mut holders = row.holders.0.clone();
        if let Some(first) = holders.first_mut() {
            first.since = received_on;
        }
        if row.org_unit_id == units.resolving {
            return Ok(holders);
        }
        let last = holders.last().map_or(received_on, |holder| holder.since);
        let since = if row.status.is_pending() {
            self.moment(body, &row.waits.0).vietnam_day().max(last)
        } else {
            // What is over was not handed over: it was told wrongly.
            holders.pop();
            last
        };
        holders.push(self.holder(units.resolving, since, "/resolving_unit_id")?);
        Ok(holders)
    }

    fn holder(&self, unit: OrgUnitId, since: NaiveDate, pointer: &str) -> Result<Holder, ApiError> {
        holder_of(self.scoped, unit, since, pointer)
    }

    /// When the sending system changed the dossier, as far as that is known: at the latest when it was
    /// resolved or closed.
    fn moment(&self, body: &DossierCreate, waits: &[Wait]) -> Instant {
        let known = [body.source_updated_at, body.resolved_at, body.closed_at];
        happened_at(waits, body.received_at, known, self.at)
    }

    /// The waits: what is held, which goes on, ends or begins as the status says.
    fn waits(&self, body: &DossierCreate, present: Option<&DossierRow>, rules: &ClockRules) -> Vec<Wait> {
        let status = body.status();
        let begun = |since: Instant| Wait { status, since, until: None, stops: rules.stop(status) };
        let Some(row) = present else {
            let since = body.waiting_since.unwrap_or(body.received_at);
            return status.is_waiting().then(|| begun(since)).into_iter().collect();
        };
        let mut waits = received_anew(&row.waits.0, row.received_at, body.received_at);
        let moment = body.waiting_since.unwrap_or_else(|| self.moment(body, &waits));
        let lasting = waits.last_mut().filter(|wait| wait.until.is_none());
        if status == row.status {
            if let Some((wait, since)) = lasting.zip(body.waiting_since) {
                wait.since = since;
            }
            return waits;
        }
        if let Some(wait) = lasting {
            wait.until = Some(moment);
        }
        waits.extend(status.is_waiting().then(|| begun(moment)));
        waits
    }

    /// When it is due. What is stated stands; what was computed, sent back or not, is moved by waits that have
    /// ended since, and computed anew only where it would rest on something else.
    fn due(
        &self,
        body: &DossierCreate,
        present: Option<&DossierRow>,
        version: &VersionFacts,
        waits: &[Wait],
    ) -> Result<Due, ApiError> {
        let is_kept = body.keeps_due && present.is_some_and(|row| row.due_basis == DueBasis::Stated);
        let is_of_the_same =
            |row: &DossierRow| row.received_at == body.received_at && row.procedure_version_id == version.id;
        let is_sent_back =
            present.is_some_and(|row| is_of_the_same(row) && row.is_due_as_computed(body.due_at));
        if let Some(at) = body.due_at.filter(|_| !is_kept && !is_sent_back) {
            return Ok(Due::stated(at));
        }
        let rests_on_the_same =
            |row: &&DossierRow| is_kept || (row.due_basis != DueBasis::Stated && is_of_the_same(row));
        let calendar = &self.facts.calendar;
        let ended = |from: usize| waits.iter().skip(from).filter(|wait| wait.until.is_some());
        let (due, unmoved) = match present.filter(rests_on_the_same) {
            Some(row) => (row.due(), row.waits.0.iter().filter(|wait| wait.until.is_some()).count()),
            None => {
                let deadline = version.deadline(body.received_at.vietnam_day());
                (Due::computed(calendar, self.scoped.office(), body.received_at, deadline)?, 0)
            }
        };
        Ok(moved_by(due, calendar, ended(unmoved))?)
    }

    /// The people, sealed. What says the same stays as it is sealed, and what was erased stays so.
    fn people(
        &self,
        body: &DossierCreate,
        present: Option<&DossierRow>,
        id: DossierId,
    ) -> Result<People, ApiError> {
        if let Some(row) = present.filter(|row| row.erased_at.is_some()) {
            return Ok(People {
                owner_kind: row.owner_kind,
                owner: (None, None),
                submitter_kind: row.submitter_kind,
                submitter: (None, None),
            });
        }
        let keys = self.scoped.personal_keys()?;
        let sealed = |part: Part, person: &DossierPerson, held: Option<&String>| {
            let digest = person.id_number.as_deref().map(|number| number_digest(keys, number));
            let held = held.map(String::as_str);
            let text = part.place(id).seal_over(keys, self.at, &person.identity(), held)?;
            Ok::<Sealed, ApiError>((Some(text), digest))
        };
        let owner = sealed(Part::Owner, &body.owner, present.and_then(|row| row.owner.as_ref()))?;
        let submitter = match &body.submitter {
            Some(person) => sealed(Part::Submitter, person, present.and_then(|row| row.submitter.as_ref()))?,
            None => (None, None),
        };
        let submitter_kind = body.submitter.as_ref().map(|person| person.kind);
        Ok(People { owner_kind: body.owner.kind, owner, submitter_kind, submitter })
    }
}

/// A sealed person, and the digest of the number.
type Sealed = (Option<String>, Option<String>);

/// What a dossier keeps of its people.
struct People {
    owner_kind: PersonKind,
    owner: Sealed,
    submitter_kind: Option<PersonKind>,
    submitter: Sealed,
}

/// Whether a moment is that of the receipt that is corrected, since which the dossier waits: it is told again, and not
/// by itself.
fn waits_since_receipt(row: &DossierRow, body: &DossierCreate, since: Instant) -> bool {
    let is_since_receipt = row.waiting().is_some_and(|wait| wait.since == row.received_at);
    is_since_receipt && since == row.received_at && body.received_at != row.received_at
}

/// A due day after waits that stop the clock.
pub(super) fn moved_by<'w>(
    due: Due,
    calendar: &Calendar,
    waits: impl Iterator<Item = &'w Wait>,
) -> Result<Due, kernel::reporting::working_days::UnknownYear> {
    waits.filter(|wait| wait.stops && due.on.is_some()).try_fold(due, |due, wait| {
        let (since, until) = wait.days();
        due.moved(calendar, working_days_between(calendar, since, until)?)
    })
}

/// Working days from receipt to resolution without those waited; none where it is not resolved, or where
/// holidays between are not known.
pub(super) fn working_days(calendar: &Calendar, row: &DossierRow) -> Option<i64> {
    let resolved = row.resolved_at?.vietnam_day();
    let all = working_days_between(calendar, row.received_on(), resolved).ok()?;
    let waited = row.waits.0.iter().filter(|wait| wait.stops).try_fold(0, |sum, wait| {
        let (since, until) = wait.days();
        working_days_between(calendar, since, until.min(resolved)).ok().map(|days| sum + days)
    })?;
    Some((all - waited).max(0))
}

/// A unit as it has a dossier since a day.
///
/// # Errors
/// 422 at this member, for one that is of no tier of local government or stands in no province.
pub(super) fn holder_of(
    scoped: &Scoped,
    unit: OrgUnitId,
    since: NaiveDate,
    pointer: &str,
) -> Result<Holder, ApiError> {
    let tree = scoped.tree();
    let first = tree.first_day(unit).map_or(since, |first| first.max(since));
    let tier = tree.tier_at(unit, since).or_else(|| tree.tier_at(unit, first));
    let (Some(tier), Some(province)) = (tier, scoped.home_province(unit)) else {
        let message = Bilingual::new(
            "Đơn vị không thuộc cấp chính quyền địa phương nào.",
            "The unit is of no tier of local government.",
        );
        return Err(ApiError::invalid(vec![Fault::new(pointer, "no_tier", message)]));
    };
    Ok(Holder { unit, province, tier, since })
}

fn not_in_force(tree: &OrgTree, name: &UnitName<'_>, role: &str, unit: OrgUnitId, day: NaiveDate) -> Fault {
    let then: Vec<String> = tree
        .predecessors(unit)
        .filter_map(|row| tree.version_at(row.predecessor_id, day))
        .map(|version| version.full_name.clone())
        .collect();
    let (mut vi, mut en) = (
        format!("Đơn vị không tồn tại vào ngày {}", day_vi(day)),
        format!("The unit does not exist on {day}"),
    );
    if !then.is_empty() {
        vi.push_str(&format!("; khi đó là: {}", then.join(", ")));
        en.push_str(&format!("; there were then: {}", then.join(", ")));
    }
    let pointer = name.pointer().replace("org_unit", role);
    Fault::new(pointer, "not_in_force", Bilingual::new(format!("{vi}."), format!("{en}.")))
}

fn names_the_dossier(pointer: &str) -> Fault {
    let message = Bilingual::new(
        "Giá trị này xác định hồ sơ nên không thay đổi được; hãy xóa và tạo hồ sơ khác.",
        "This names the dossier and cannot change; delete it and make another.",
    );
    Fault::new(pointer, "names_the_dossier", message)
}

fn out_of_reach() -> Fault {
    let message = Bilingual::new(
        "Cả đơn vị tiếp nhận và đơn vị giải quyết đều nằm ngoài phạm vi được giao của tài khoản.",
        "Both the receiving and the resolving unit are outside what the account may act on.",
    );
    Fault::new("/receiving_unit_id", "out_of_reach", message)
}
