//! Fields of procedures (lĩnh vực), such as Hộ tịch or Đất đai, under the names by which forms and
//! returns group them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use kernel::api::json::check;
use kernel::api::mount::Mount;
use kernel::api::records::{Draft, Records, Written, insert, replace};
use kernel::api::table::{Catalogue, Choice};
use kernel::api::{Change, IfMatch, PageRequest, PageRows, Patch};
use kernel::audit::journal::{Entry, JournalAction};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::auth::scope::Scoped;
use kernel::db::schema::{procedure_fields, procedure_versions, procedures};
use kernel::db::types::Instant;
use kernel::db::{DbConn, Recorded, WriteTx};
use kernel::error::{ApiError, Problem};
use kernel::text::{contains, fold};
use kernel::{crud, hide_row, id, keyset, load_held, page_of, record, row, save_rows, text_enum};

id! {
    /// Id of a field of procedures (lĩnh vực thủ tục hành chính).
    ProcedureFieldId
}

text_enum! {
    /// Order of fields (thứ tự).
    pub enum ProcedureFieldSort {
        /// By name, without regard to tone marks.
        Name => "name", "tên tăng dần";
        /// By name, backwards.
        NameDesc => "-name", "tên giảm dần";
    }
}

/// A field of procedures (lĩnh vực thủ tục hành chính).
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable, Insertable, AsChangeset,
)]
#[diesel(table_name = procedure_fields, treat_none_as_default_value = false, treat_none_as_null = true)]
#[schema(example = json!({
    "id": "0190a8c0-0000-7000-8000-000000000001", "name": "Hộ tịch", "source": null, "version": 1,
    "created_at": "2026-11-24T01:00:00Z", "updated_at": "2026-11-24T01:00:00Z"
}))]
pub struct ProcedureField {
    /// Its id.
    pub id: ProcedureFieldId,
    /// Name (tên lĩnh vực).
    pub name: String,
    /// The name as it is searched and sorted.
    #[serde(skip)]
    pub name_folded: String,
    /// Where it was taken from (nguồn).
    pub source: Option<String>,
    /// Version of the record.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}
record!(ProcedureField);
row!(ProcedureField, ProcedureFieldId);
page_of!(ProcedureFieldPage, ProcedureField, "fields of procedures");

/// A new field, or the whole of a changed one.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Hộ tịch"}))]
pub struct ProcedureFieldCreate {
    /// Name (tên lĩnh vực).
    #[validate(length(min = 1, max = 200), custom(function = "kernel::text::worded"))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Where it was taken from (nguồn).
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: Option<String>,
}

/// Changes to a field (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "Quyết định công bố danh mục"}))]
pub struct ProcedureFieldPatch {
    /// Name (tên lĩnh vực).
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub name: Change<String>,
    /// Where it was taken from (nguồn).
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub source: Patch<String>,
}

impl ProcedureFieldPatch {
    /// The whole field after the patch.
    #[must_use]
    pub fn onto(self, present: &ProcedureField) -> ProcedureFieldCreate {
        let Self { name, source } = self;
        ProcedureFieldCreate {
            name: name.onto(present.name.clone()),
            source: source.onto(present.source.clone()),
        }
    }
}

/// Which fields a list holds.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProcedureFieldFilter {
    /// Words of the name in any order, without regard to case and tone marks.
    #[validate(length(min = 1, max = 200))]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Order (thứ tự); by name when not given.
    #[param(inline)]
    pub sort: Option<ProcedureFieldSort>,
}

type Query<'a> = procedure_fields::BoxedQuery<'a, kernel::db::conn::MultiBackend>;

fn matching(filter: &ProcedureFieldFilter) -> Query<'_> {
    let mut query = procedure_fields::table.filter(procedure_fields::deleted_at.is_null()).into_boxed();
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(procedure_fields::name_folded.like(contains(word)).escape('\\'));
    }
    query
}

/// A page of fields.
///
/// # Errors
/// 422 for a cursor of another order.
pub fn procedure_field_list(
    conn: &mut DbConn,
    _scoped: &Scoped,
    filter: &ProcedureFieldFilter,
    page: &PageRequest,
) -> Result<PageRows<ProcedureField>, ApiError> {
    use procedure_fields as f;
    let query = matching(filter);
    let query = match filter.sort.unwrap_or(ProcedureFieldSort::Name) {
        ProcedureFieldSort::Name => {
            keyset!(query, page, asc f::name_folded => String, f::id => ProcedureFieldId)
        }
        ProcedureFieldSort::NameDesc => {
            keyset!(query, page, desc f::name_folded => String, f::id => ProcedureFieldId)
        }
    };
    let rows = query.select(ProcedureField::as_select()).load(conn)?;
    let total = page.include_total().then(|| matching(filter).count().get_result(conn)).transpose()?;
    Ok(page.cut(rows, total, |row| serde_json::json!([row.name_folded, row.id])))
}

/// The fields by their names, as a column takes them.
///
/// # Errors
/// When the database cannot be read.
pub fn procedure_field_catalogue(
    conn: &mut DbConn,
    column: &'static str,
) -> Result<Option<Catalogue>, ApiError> {
    let names: Vec<String> = procedure_fields::table
        .filter(procedure_fields::deleted_at.is_null())
        .order((procedure_fields::name_folded, procedure_fields::id))
        .limit(Catalogue::ROWS)
        .select(procedure_fields::name)
        .load(conn)?;
    let choice = |value| Choice { value, label: String::new() };
    Ok(Catalogue::of(column, names.into_iter().map(choice).collect()))
}

/// A field by its id.
///
/// # Errors
/// 404 when there is none.
pub fn procedure_field_get(
    conn: &mut DbConn,
    _scoped: &Scoped,
    id: ProcedureFieldId,
) -> Result<ProcedureField, ApiError> {
    Ok(procedure_fields::table
        .find(id)
        .filter(procedure_fields::deleted_at.is_null())
        .select(ProcedureField::as_select())
        .first(conn)?)
}

/// Fields of procedures, as they are written.
pub struct ProcedureFields;

impl Records for ProcedureFields {
    type Id = ProcedureFieldId;
    type Body = ProcedureFieldCreate;
    type Row = ProcedureField;
    type View = ProcedureField;

    fn order(body: &ProcedureFieldCreate) -> String {
        body.name.clone()
    }

    fn find(conn: &mut DbConn, scoped: &Scoped, id: ProcedureFieldId) -> Result<ProcedureField, ApiError> {
        procedure_field_get(conn, scoped, id)
    }

    fn present(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        bodies: &[ProcedureFieldCreate],
    ) -> Result<Vec<Option<ProcedureField>>, ApiError> {
        let names: HashSet<&str> = bodies.iter().map(|body| body.name.as_str()).collect();
        let found: Vec<ProcedureField> = procedure_fields::table
            .filter(procedure_fields::name.eq_any(names).and(procedure_fields::deleted_at.is_null()))
            .select(ProcedureField::as_select())
            .load(tx.conn())?;
        let found: HashMap<String, ProcedureField> =
            found.into_iter().map(|row| (row.name.clone(), row)).collect();
        Ok(bodies.iter().map(|body| found.get(&body.name).cloned()).collect())
    }

    fn made(
        tx: &mut WriteTx<'_>,
        scoped: &Scoped,
        drafts: Vec<Draft<ProcedureFieldCreate, ProcedureField>>,
    ) -> Result<Vec<Result<ProcedureField, ApiError>>, ApiError> {
        scoped.whole_country()?;
        let at = tx.at();
        let made = |draft: Draft<ProcedureFieldCreate, ProcedureField>| {
            let Draft { body, present } = draft;
            check(&body)?;
            let present = present.as_ref();
            Ok(ProcedureField {
                id: present.map_or_else(ProcedureFieldId::new, |row| row.id),
                name_folded: fold(&body.name),
                name: body.name,
                source: body.source,
                version: present.map_or(0, |row| row.version),
                created_at: present.map_or(at, |row| row.created_at),
                updated_at: present.map_or(at, |row| row.updated_at),
            })
        };
        Ok(drafts.into_iter().map(made).collect())
    }

    fn save(
        tx: &mut WriteTx<'_>,
        _scoped: &Scoped,
        rows: &[ProcedureField],
    ) -> Result<Written<ProcedureField>, ApiError> {
        let stored = save_rows!(
            tx.conn(),
            procedure_fields,
            ProcedureFieldId,
            rows.iter(),
            [name, name_folded, source]
        )?;
        let entry = |action, _: &ProcedureField, row: &ProcedureField| {
            Entry::new(action, "procedure_field", row.id, row.version, row)
        };
        Written::journal(tx, rows, &stored, entry, ProcedureField::clone)
    }
}

/// Deletes a field that no procedure is in.
///
/// # Errors
/// 412 when it has changed, 409 when a procedure is in it.
pub fn procedure_field_delete(
    tx: &mut WriteTx<'_>,
    scoped: &Scoped,
    id: ProcedureFieldId,
    expected: &IfMatch,
) -> Result<Recorded<()>, ApiError> {
    scoped.whole_country()?;
    let present = procedure_field_get(tx.conn(), scoped, id)?;
    expected.check(present.version)?;
    // Hidden first: a procedure that is being put in it holds the row, and stands when this goes on.
    hide_row!(tx, procedure_fields, present)?;
    let used = procedure_versions::table
        .inner_join(procedures::table.on(procedures::id.eq(procedure_versions::procedure_id)))
        .filter(procedures::deleted_at.is_null().and(procedure_versions::field_id.eq(id)));
    if diesel::select(diesel::dsl::exists(used)).get_result(tx.conn())? {
        return Err(ApiError::new(Problem::InUse));
    }
    let entry =
        Entry::new(JournalAction::Delete, "procedure_field", present.id, present.version + 1, &present)?;
    Ok(tx.journal(entry)?.with(()))
}

/// The names of fields by id and their ids by name, as many as some procedures name.
#[derive(Debug, Default)]
pub(super) struct FieldNames {
    names: HashMap<ProcedureFieldId, String>,
    ids: HashMap<String, ProcedureFieldId>,
}

impl FieldNames {
    /// Those of these ids that exist, for procedures that are read.
    pub(super) fn load(conn: &mut DbConn, ids: HashSet<ProcedureFieldId>) -> Result<Self, ApiError> {
        use procedure_fields as f;
        let named = f::deleted_at.is_null().and(f::id.eq_any(ids));
        Ok(Self::of(f::table.filter(named).select((f::id, f::name)).load(conn)?))
    }

    /// Those of these ids and names that exist and stay, for procedures that are written.
    pub(super) fn load_held(
        conn: &mut DbConn,
        ids: HashSet<ProcedureFieldId>,
        names: HashSet<&str>,
    ) -> Result<Self, ApiError> {
        if ids.is_empty() && names.is_empty() {
            return Ok(Self::default());
        }
        use procedure_fields as f;
        let named = f::deleted_at.is_null().and(f::id.eq_any(ids).or(f::name.eq_any(names)));
        Ok(Self::of(load_held!(conn, f::table.filter(named).select((f::id, f::name)))?))
    }

    fn of(rows: Vec<(ProcedureFieldId, String)>) -> Self {
        let ids = rows.iter().map(|(id, name)| (name.clone(), *id)).collect();
        Self { names: rows.into_iter().collect(), ids }
    }

    pub(super) fn name(&self, id: ProcedureFieldId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    pub(super) fn id(&self, name: &str) -> Option<ProcedureFieldId> {
        self.ids.get(name).copied()
    }
}

crud! {
    tag: "procedure-fields", what: "a field of procedures", many: "fields of procedures",
    vi: "lĩnh vực thủ tục hành chính",
    collection: "/api/v1/tthc/procedure-fields", record: "/api/v1/tthc/procedure-fields/{id}",
    id: ProcedureFieldId, row: ProcedureField, page: ProcedureFieldPage, create: ProcedureFieldCreate,
    patch: ProcedureFieldPatch, filter: ProcedureFieldFilter,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    list: list_procedure_fields => procedure_field_list, get: get_procedure_field => procedure_field_get,
    create_one: create_procedure_field => insert::<ProcedureFields>,
    replace: replace_procedure_field => replace::<ProcedureFields>, patch_one: patch_procedure_field,
    delete: delete_procedure_field => procedure_field_delete,
    batch: "/api/v1/tthc/procedure-fields/batch", batch_procedure_fields => ProcedureFields,
    import: "/api/v1/tthc/procedure-fields/import", import_procedure_fields, template: "/api/v1/tthc/procedure-fields/template", get_procedure_field_template, sheet: "procedure-fields",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
}
