//! Deployments (triển khai hệ thống): which unit uses which system, since when. How far a system reaches is
//! counted from them over the tree of units ([`coverage`](super::coverage)), never stated as a bare percentage.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::systems::SystemId;
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{EGovernment, Permit, Read, Write};
use kernel::auth::scope::Scoped;
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{deployments as columns, systems};
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::validity::{day_faults, end_fault};
use kernel::{attachments, crud, id, load_held, text_enum, unit_fields, unit_store};

id! {
    /// Id of a deployment (triển khai hệ thống).
    DeploymentId
}

text_enum! {
    /// Order of deployments (thứ tự).
    pub enum DeploymentSort {
        /// Earliest in use first.
        InUseFrom => "in_use_from", "ngày triển khai tăng dần";
        /// Latest in use first.
        InUseFromDesc => "-in_use_from", "ngày triển khai giảm dần";
    }
}

unit_fields! {
    table: deployments, id: DeploymentId, page: DeploymentPage of "deployments",
    unit on in_use_from: {
        shown "The unit that uses it (đơn vị sử dụng).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that uses it, by id; exactly one of id, identifier and code (đơn vị sử dụng).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A deployment as it is stored.
    row: DeploymentRow;
    /// A unit that uses a system (triển khai hệ thống tại đơn vị).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000052", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "system_id": "0190a8c0-0000-7000-8000-000000000051", "in_use_from": "2025-07-01", "in_use_to": null,
        "users": 38, "note": null, "source_note": null, "version": 1, "created_at": "2026-01-05T02:00:00Z",
        "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: Deployment;
    /// A new deployment, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "system_id": "0190a8c0-0000-7000-8000-000000000051", "in_use_from": "2025-07-01",
        "users": 38
    }))]
    create: DeploymentCreate;
    /// Changes to a deployment (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"users": 40}))]
    patch: DeploymentPatch;
    fields: {
        /// The system (hệ thống).
        system_id: SystemId, sent "The system (hệ thống). A unit uses each system once.";
        /// First day on which the unit is known to use it (ngày triển khai).
        in_use_from: NaiveDate;
        /// First day on which it no longer does (ngày thôi sử dụng); null while it does.
        in_use_to: Option<NaiveDate>,
            sent "First day on which it no longer does (ngày thôi sử dụng); null or absent while it does.";
        /// Accounts in use (số tài khoản sử dụng); null where they were not counted.
        users: Option<number(0..=10_000_000)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which deployments a list holds.
    filter: DeploymentFilter of "The unit that uses them, by id (đơn vị sử dụng)." {
        /// The system (hệ thống).
        system_id: Option<SystemId>,
        /// Whether they are in use on `as_of` (đang sử dụng).
        in_use: Option<bool>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<DeploymentSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &DeploymentCreate) -> Vec<Fault> {
    let days = [("/in_use_from", Some(body.in_use_from)), ("/in_use_to", body.in_use_to)];
    day_faults(days).chain(end_fault("/in_use_to", body.in_use_from, body.in_use_to)).collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DeploymentFilter, day: NaiveDate) -> Query<'a> {
    if let Some(system) = filter.system_id {
        query = query.filter(columns::system_id.eq(system));
    }
    let gone = || columns::in_use_to.is_not_null().and(columns::in_use_to.assume_not_null().le(day));
    match filter.in_use {
        None => query,
        Some(true) => query.filter(columns::in_use_from.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(columns::in_use_from.gt(day).or(gone())),
    }
}

/// Refuses a system that is not there; those that are named stay until the transaction ends.
fn of_known_systems(
    conn: &mut DbConn,
    _: &Scoped,
    made: Vec<Result<DeploymentRow, ApiError>>,
) -> Result<Vec<Result<DeploymentRow, ApiError>>, ApiError> {
    let named: HashSet<SystemId> = made.iter().flatten().map(|row| row.system_id).collect();
    let standing = systems::id.eq_any(named).and(systems::deleted_at.is_null());
    let held: Vec<SystemId> =
        load_held!(conn, systems::table.filter(standing).order_by(systems::id).select(systems::id))?;
    let unknown = || {
        let message = Bilingual::new("Không có hệ thống này.", "There is no such system.");
        ApiError::invalid(vec![Fault::new("/system_id", "unknown_system", message)])
    };
    let known = |row: DeploymentRow| if held.contains(&row.system_id) { Ok(row) } else { Err(unknown()) };
    Ok(made.into_iter().map(|row| row.and_then(known)).collect())
}

unit_store! {
    /// Deployments, as they are written.
    records: Deployments, record_type: "deployment",
    table: deployments, id: DeploymentId, row: DeploymentRow, answer: Deployment,
    create: DeploymentCreate, filter: DeploymentFilter, unit on: in_use_from,
    key: |body| { system_id: SystemId = body.system_id },
    sought by: [system_id],
    order: DeploymentSort::{InUseFrom, InUseFromDesc} by in_use_from: NaiveDate, InUseFromDesc first,
    days: [], matching: matching, faults: faults, beside: of_known_systems,
    list: deployment_list, get: deployment_get, seen: deployment_seen, delete: deployment_delete,
}

crud! {
    tag: "deployments", what: "a deployment", many: "deployments", vi: "triển khai hệ thống thông tin",
    collection: "/api/v1/e-government/deployments", record: "/api/v1/e-government/deployments/{id}",
    id: DeploymentId, row: Deployment, page: DeploymentPage,
    create: DeploymentCreate, patch: DeploymentPatch, filter: DeploymentFilter,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    list: list_deployments => deployment_list, get: get_deployment => deployment_get,
    create_one: create_deployment => insert::<Deployments>,
    replace: replace_deployment => replace::<Deployments>, patch_one: patch_deployment,
    delete: delete_deployment => deployment_delete,
    batch: "/api/v1/e-government/deployments/batch", batch_deployments => Deployments,
    import: "/api/v1/e-government/deployments/import", import_deployments, template: "/api/v1/e-government/deployments/template", get_deployment_template, sheet: "deployments",
}

attachments! {
    tag: "deployments", of: "a deployment", vi: "triển khai hệ thống thông tin",
    list_path: "/api/v1/e-government/deployments/{id}/attachments",
    path: "/api/v1/e-government/deployments/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/e-government/deployments/{id}/attachments/{attachment_id}/content",
    owner: DeploymentAttachments, record_type: Deployment, table: "deployments", id: DeploymentId,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    seen: deployment_seen, changeable: deployment_seen,
    list: list_deployment_attachments, attach: create_deployment_attachment,
    get: get_deployment_attachment, content: get_deployment_attachment_content,
    delete: delete_deployment_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::unit_lists_are_indexed;

    unit_lists_are_indexed!(deployments, DeploymentRow, {
        let none = DeploymentFilter::default;
        [
            none(),
            DeploymentFilter { sort: Some(DeploymentSort::InUseFrom), ..none() },
            DeploymentFilter { system_id: Some(SystemId::new()), in_use: Some(true), ..none() },
            DeploymentFilter { in_use: Some(false), ..none() },
        ]
    });
}
