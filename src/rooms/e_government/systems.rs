//! Systems (hệ thống thông tin): what a province and its units run, such as document management, the
//! one-stop system, the cadre database. Which units use one is told by [`deployments`](super::deployments).

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{EGovernment, Permit, Read, Write};
use kernel::db::DbConn;
use kernel::db::conn::MultiBackend;
use kernel::db::schema::{deployments, systems as columns};
use kernel::error::{ApiError, Fault};
use kernel::text::{contains, fold};
use kernel::validity::{day_faults, end_fault};
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a system (hệ thống thông tin).
    SystemId
}

text_enum! {
    /// Kind of a system (loại hệ thống).
    pub enum SystemKind {
        /// Document management.
        DocumentManagement => "document_management", "quản lý văn bản và điều hành";
        /// The one-stop system for procedures.
        OneStop => "one_stop", "thông tin giải quyết thủ tục hành chính (một cửa điện tử)";
        /// The database of officials.
        CadreDatabase => "cadre_database", "cơ sở dữ liệu cán bộ, công chức, viên chức";
        /// Reporting to the Government.
        GovernmentReporting => "government_reporting", "thông tin báo cáo Chính phủ";
        /// Socio-economic reporting.
        SocioEconomicReporting => "socio_economic_reporting", "báo cáo kinh tế - xã hội";
        /// Emulation and commendation.
        Emulation => "emulation", "quản lý thi đua, khen thưởng";
        /// A web portal.
        Portal => "portal", "cổng, trang thông tin điện tử";
        /// Official mail, which also signs people in everywhere.
        MailboxSso => "mailbox_sso", "thư điện tử công vụ, xác thực tập trung";
        /// Video conference.
        VideoConference => "video_conference", "hội nghị truyền hình";
        /// The province's app.
        ProvinceApp => "province_app", "ứng dụng di động của tỉnh";
        /// A hotline.
        Hotline => "hotline", "tổng đài";
        /// An account of Zalo.
        Zalo => "zalo", "kênh Zalo";
        /// Another system.
        Other => "other", "hệ thống khác";
    }
}

text_enum! {
    /// Order of systems (thứ tự).
    pub enum SystemSort {
        /// Earliest in use first.
        InUseFrom => "in_use_from", "ngày đưa vào sử dụng tăng dần";
        /// Latest in use first.
        InUseFromDesc => "-in_use_from", "ngày đưa vào sử dụng giảm dần";
    }
}

unit_fields! {
    table: systems, id: SystemId, page: SystemPage of "systems",
    unit on in_use_from: {
        shown "The unit that runs it (đơn vị chủ quản).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that runs it, by id; exactly one of id, identifier and code (đơn vị chủ quản).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A system as it is stored.
    row: SystemRow;
    /// A system that units use (hệ thống thông tin, phần mềm dùng chung).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000051", "org_unit_id": "0190a8c0-0000-7000-8000-000000000003",
        "org_unit_code": "92", "org_unit_identifier": null, "org_unit_name": "Thành phố Cần Thơ",
        "kind": "document_management", "name": "Hệ thống Quản lý văn bản và điều hành", "in_use_from": "2025-07-01",
        "in_use_to": null, "address": null, "note": null, "source_note": null, "version": 1,
        "created_at": "2026-01-05T02:00:00Z", "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: System;
    /// A new system, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "92", "kind": "document_management", "name": "Hệ thống Quản lý văn bản và điều hành",
        "in_use_from": "2025-07-01"
    }))]
    create: SystemCreate;
    /// Changes to a system (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"in_use_to": "2026-12-31"}))]
    patch: SystemPatch;
    fields: {
        /// The kind (loại hệ thống).
        kind: SystemKind;
        /// What it is called (tên hệ thống).
        name: words(1..=250), folded name_folded,
            sent "What it is called (tên hệ thống). A unit's systems are told apart by kind and name.";
        /// First day on which it is known to be in use (ngày đưa vào sử dụng).
        in_use_from: NaiveDate;
        /// First day on which it no longer is (ngày thôi sử dụng); null while it is.
        in_use_to: Option<NaiveDate>,
            sent "First day on which it no longer is in use (ngày thôi sử dụng); null or absent while it is.";
        /// Where it is reached (địa chỉ truy cập).
        address: Option<text(1..=500)>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which systems a list holds.
    filter: SystemFilter of "The unit that runs them, by id (đơn vị chủ quản)." {
        /// The kind (loại hệ thống).
        #[param(inline)]
        kind: Option<SystemKind>,
        /// Whether they are in use on `as_of` (đang sử dụng).
        in_use: Option<bool>,
        /// Words of the name in any order, without regard to case and tone marks.
        #[validate(length(min = 1, max = 200))]
        #[param(min_length = 1, max_length = 200)]
        q: Option<String>,
        /// Order (thứ tự); the latest first when not given.
        #[param(inline)]
        sort: Option<SystemSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &SystemCreate) -> Vec<Fault> {
    let days = [("/in_use_from", Some(body.in_use_from)), ("/in_use_to", body.in_use_to)];
    day_faults(days).chain(end_fault("/in_use_to", body.in_use_from, body.in_use_to)).collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a SystemFilter, day: NaiveDate) -> Query<'a> {
    if let Some(kind) = filter.kind {
        query = query.filter(columns::kind.eq(kind));
    }
    let gone = || columns::in_use_to.is_not_null().and(columns::in_use_to.assume_not_null().le(day));
    query = match filter.in_use {
        None => query,
        Some(true) => query.filter(columns::in_use_from.le(day).and(dsl::not(gone()))),
        Some(false) => query.filter(columns::in_use_from.gt(day).or(gone())),
    };
    for word in fold(filter.q.as_deref().unwrap_or_default()).split_whitespace() {
        query = query.filter(columns::name_folded.like(contains(word)).escape('\\'));
    }
    query
}

impl SystemRow {
    const fn its_id(&self) -> SystemId {
        self.id
    }
}

/// Those of these systems that some unit is said to use.
fn deployed(conn: &mut DbConn, systems: &HashSet<SystemId>) -> Result<HashSet<SystemId>, ApiError> {
    use deployments as d;
    let of_systems = d::table.filter(d::system_id.eq_any(systems).and(d::deleted_at.is_null()));
    Ok(of_systems.select(d::system_id).distinct().load(conn)?.into_iter().collect())
}

unit_store! {
    /// Systems, as they are written.
    records: Systems, record_type: "system",
    table: systems, id: SystemId, row: SystemRow, answer: System,
    create: SystemCreate, filter: SystemFilter, unit on: in_use_from,
    key: |body| { kind: SystemKind = body.kind, name_folded: String = fold(&body.name) },
    sought by: [name_folded],
    named: SystemId = SystemRow::its_id, by: deployed,
    order: SystemSort::{InUseFrom, InUseFromDesc} by in_use_from: NaiveDate, InUseFromDesc first,
    days: [], matching: matching, faults: faults,
    list: system_list, get: system_get, seen: system_seen, delete: system_delete,
}

crud! {
    tag: "systems", what: "a system", many: "systems", vi: "hệ thống thông tin",
    collection: "/api/v1/e-government/systems", record: "/api/v1/e-government/systems/{id}",
    id: SystemId, row: System, page: SystemPage,
    create: SystemCreate, patch: SystemPatch, filter: SystemFilter,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    list: list_systems => system_list, get: get_system => system_get,
    create_one: create_system => insert::<Systems>,
    replace: replace_system => replace::<Systems>, patch_one: patch_system,
    delete: delete_system => system_delete,
    batch: "/api/v1/e-government/systems/batch", batch_systems => Systems,
    import: "/api/v1/e-government/systems/import", import_systems, template: "/api/v1/e-government/systems/template", get_system_template, sheet: "systems",
}

attachments! {
    tag: "systems", of: "a system", vi: "hệ thống thông tin",
    list_path: "/api/v1/e-government/systems/{id}/attachments",
    path: "/api/v1/e-government/systems/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/e-government/systems/{id}/attachments/{attachment_id}/content",
    owner: SystemAttachments, record_type: System, table: "systems", id: SystemId,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    seen: system_seen, changeable: system_seen,
    list: list_system_attachments, attach: create_system_attachment,
    get: get_system_attachment, content: get_system_attachment_content,
    delete: delete_system_attachment,
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

    unit_lists_are_indexed!(systems, SystemRow, {
        let none = SystemFilter::default;
        [
            none(),
            SystemFilter { sort: Some(SystemSort::InUseFrom), ..none() },
            SystemFilter {
                kind: Some(SystemKind::OneStop),
                in_use: Some(true),
                q: Some("quản lý".into()),
                ..none()
            },
            SystemFilter { in_use: Some(false), ..none() },
        ]
    });
}
