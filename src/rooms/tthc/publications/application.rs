//! The application of a publication: what it repeals or replaces ends in the catalogue on the day on
//! which it takes effect.

use std::collections::{HashMap, HashSet};

use super::differences::differing;
use super::model::{ProcedurePublicationId, PublicationAction, PublicationApplication};
use super::store::{codes_of, held_find};
use crate::procedures::Procedures;
use crate::procedures::model::ProcedureName;
use crate::procedures::store::{Held, code_forms, held_by_code};
use crate::procedures::timeline::Ending;
use kernel::api::IfMatch;
use kernel::api::idempotency::{Answer, Asked, Rendered};
use kernel::api::records::{Records, Row};
use kernel::auth::scope::Scoped;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::ApiError;

/// The procedures of the catalogue under the codes that decisions write.
pub(super) struct Catalogue(HashMap<String, Held>);

impl Catalogue {
    /// Those of these codes that it has.
    pub(super) fn load<'a>(
        conn: &mut DbConn,
        codes: impl Iterator<Item = &'a str>,
    ) -> Result<Self, ApiError> {
        let forms: HashSet<String> = codes.flat_map(code_forms).collect();
        let forms: Vec<&str> = forms.iter().map(String::as_str).collect();
        let mut held = HashMap::new();
        for part in forms.chunks(5_000) {
            held.extend(held_by_code(conn, part.iter().copied().collect())?);
        }
        Ok(Self(held))
    }

    /// The procedure of a code; of one with an agency behind it, where that is not there, the national
    /// one.
    pub(super) fn get(&self, code: &str) -> Option<&Held> {
        code_forms(code).iter().find_map(|form| self.0.get(form))
    }

    fn replace(&mut self, held: Held) {
        self.0.insert(held.identity.code.clone(), held);
    }
}

/// Ends in the catalogue what a publication repeals or replaces. What it adds or changes is not made:
/// its content is entered once, as a version of the procedure; where none begins on that day by this
/// decision, the answer says so.
///
/// # Errors
/// 404 when there is none, 412 when it has changed.
pub(super) fn publication_apply(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedurePublicationId,
    expected: Option<&IfMatch>,
) -> Result<Recorded<PublicationApplication>, ApiError> {
    scoped.whole_country()?;
    let held = held_find(tx.conn(), id)?;
    expected.map_or(Ok(()), |expected| expected.check(held.row.version))?;
    let items: Vec<_> = held.rows().collect();
    let mut catalogue = Catalogue::load(tx.conn(), items.iter().flat_map(codes_of))?;
    let day = held.row.effective_on;
    let mut ended = Vec::new();
    for item in &items {
        let code = match item.action {
            PublicationAction::Repeal => Some(item.procedure_code.as_str()),
            PublicationAction::Replace => item.replaced_procedure_code.as_deref(),
            PublicationAction::Add | PublicationAction::Change => None,
        };
        let Some(procedure) = code.and_then(|code| catalogue.get(code)) else { continue };
        // What is replaced by itself goes on with its next version.
        let next = catalogue.get(&item.procedure_code).filter(|_| item.action == PublicationAction::Replace);
        if next.is_some_and(|next| next.identity.id == procedure.identity.id) {
            continue;
        }
        if let Ending::Ended(timeline) = procedure.timeline.clone().ended(day) {
            let mut now = procedure.clone().with_timeline(&timeline)?;
            now.revise(tx.at());
            catalogue.replace(now.clone());
            ended.push(now);
        }
    }
    let name = |procedure: &Held| ProcedureName {
        id: procedure.identity.id,
        code: procedure.identity.code.clone(),
        name: procedure.timeline.versions().last().map(|version| version.name.clone()).unwrap_or_default(),
    };
    let application = PublicationApplication {
        publication_id: id,
        effective_on: day,
        ended: ended.iter().map(name).collect(),
        differences: differing(&held.row, &items, &catalogue).map(|(_, one)| one).collect(),
    };
    if ended.is_empty() {
        return Ok(Recorded::unchanged(application));
    }
    Ok(Procedures::save(tx, scoped, &ended)?.all()?.map(|_| application))
}

impl Answer for PublicationApplication {
    fn render(&self, _: &Asked) -> Result<Rendered, ApiError> {
        Rendered::json(200, self)
    }
}
