//! Digital certificates (chứng thư số): with which a unit and its officials sign, and until when. Who
//! holds one is told by the holder's kind alone: no name of a person is kept here.

use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{EGovernment, Permit, Read, Write};
use kernel::db::conn::MultiBackend;
use kernel::db::schema::digital_certificates as columns;
use kernel::error::{Bilingual, Fault};
use kernel::text::fold;
use kernel::validity::day_faults;
use kernel::{attachments, crud, id, text_enum, unit_fields, unit_store};

id! {
    /// Id of a digital certificate (chứng thư số).
    DigitalCertificateId
}

text_enum! {
    /// Who signs with a certificate (chủ thể chứng thư số).
    pub enum CertificateHolder {
        /// The unit.
        Unit => "unit", "cơ quan, tổ chức";
        /// A person, on the unit's behalf.
        Official => "official", "cá nhân có thẩm quyền";
    }
}

text_enum! {
    /// Order of certificates (thứ tự).
    pub enum DigitalCertificateSort {
        /// The first to expire first.
        ExpiresOn => "expires_on", "ngày hết hạn tăng dần";
        /// The last to expire first.
        ExpiresOnDesc => "-expires_on", "ngày hết hạn giảm dần";
    }
}

unit_fields! {
    table: digital_certificates, id: DigitalCertificateId, page: DigitalCertificatePage of "digital certificates",
    unit on valid_from: {
        shown "The unit that signs with it (đơn vị sử dụng).", named "Its name on the first day (tên đơn vị).",
        sent "The unit that signs with it, by id; exactly one of id, identifier and code (đơn vị sử dụng).",
        read "The unit by its statistics code, read on the first day (mã đơn vị hành chính).",
    }
    /// A certificate as it is stored.
    row: CertificateRow;
    /// A certificate with which a unit signs (chứng thư số chuyên dùng).
    #[schema(example = json!({
        "id": "0190a8c0-0000-7000-8000-000000000053", "org_unit_id": "0190a8c0-0000-7000-8000-000000000004",
        "org_unit_code": "31420", "org_unit_identifier": "H13.44", "org_unit_name": "Xã Phụng Hiệp",
        "holder": "unit", "serial_number": "54:01:0A:7C", "authority": "Ban Cơ yếu Chính phủ",
        "valid_from": "2025-07-01", "expires_on": "2030-06-30", "revoked_on": null, "note": null,
        "source_note": null, "version": 1, "created_at": "2026-01-05T02:00:00Z",
        "updated_at": "2026-01-05T02:00:00Z"
    }))]
    answer: DigitalCertificate;
    /// A new certificate, or the whole of a changed one.
    #[schema(example = json!({
        "org_unit_code": "31420", "holder": "unit", "serial_number": "54:01:0A:7C",
        "authority": "Ban Cơ yếu Chính phủ", "valid_from": "2025-07-01", "expires_on": "2030-06-30"
    }))]
    create: DigitalCertificateCreate;
    /// Changes to a certificate (RFC 7396). The unit stays: it names it.
    #[schema(example = json!({"revoked_on": "2026-09-01"}))]
    patch: DigitalCertificatePatch;
    fields: {
        /// Who signs with it (chủ thể chứng thư số).
        holder: CertificateHolder;
        /// Its serial number (số sê-ri).
        serial_number: words(1..=100), folded serial_folded,
            sent "Its serial number (số sê-ri). A unit's certificates are told apart by it.";
        /// Who issued it (tổ chức cung cấp dịch vụ chứng thực chữ ký số).
        authority: Option<text(1..=250)>;
        /// First day (ngày bắt đầu hiệu lực).
        valid_from: NaiveDate;
        /// Last day (ngày hết hạn).
        expires_on: NaiveDate;
        /// Day on which it was revoked (ngày thu hồi); null when it was not.
        revoked_on: Option<NaiveDate>;
        /// Note (ghi chú).
        note: Option<text(1..=2000)>;
        /// Where it is taken from, word for word (nguồn số liệu).
        source_note: Option<text(1..=2000)>;
    }
    /// Which certificates a list holds.
    filter: DigitalCertificateFilter of "The unit that signs with them, by id (đơn vị sử dụng)." {
        /// Who signs with them (chủ thể chứng thư số).
        #[param(inline)]
        holder: Option<CertificateHolder>,
        /// Whether they are valid on `as_of` (còn hiệu lực).
        valid: Option<bool>,
        /// Those that expire on this day or later (hết hạn từ ngày).
        expires_from: Option<NaiveDate>,
        /// Those that expire on this day or before (hết hạn đến ngày).
        expires_to: Option<NaiveDate>,
        /// Order (thứ tự); the first to expire first when not given.
        #[param(inline)]
        sort: Option<DigitalCertificateSort>,
    }
}

/// Faults that a body shows by itself.
fn faults(body: &DigitalCertificateCreate) -> Vec<Fault> {
    let days = [
        ("/valid_from", Some(body.valid_from)),
        ("/expires_on", Some(body.expires_on)),
        ("/revoked_on", body.revoked_on),
    ];
    let before_start = [("/expires_on", Some(body.expires_on)), ("/revoked_on", body.revoked_on)];
    let before_start =
        before_start.into_iter().filter(|(_, day)| day.is_some_and(|day| day < body.valid_from));
    let early = before_start.map(|(pointer, _)| {
        let message = Bilingual::new(
            "Ngày này không được trước ngày bắt đầu hiệu lực.",
            "This day must not be before the first day.",
        );
        Fault::new(pointer, "before_start", message)
    });
    day_faults(days).chain(early).collect()
}

type Query<'a> = columns::BoxedQuery<'a, MultiBackend>;

fn matching<'a>(mut query: Query<'a>, filter: &'a DigitalCertificateFilter, day: NaiveDate) -> Query<'a> {
    if let Some(holder) = filter.holder {
        query = query.filter(columns::holder.eq(holder));
    }
    let stands = || {
        let kept = columns::revoked_on.is_null().or(columns::revoked_on.assume_not_null().gt(day));
        columns::valid_from.le(day).and(columns::expires_on.ge(day)).and(kept)
    };
    query = match filter.valid {
        None => query,
        Some(true) => query.filter(stands()),
        Some(false) => query.filter(dsl::not(stands())),
    };
    if let Some(day) = filter.expires_from {
        query = query.filter(columns::expires_on.ge(day));
    }
    if let Some(day) = filter.expires_to {
        query = query.filter(columns::expires_on.le(day));
    }
    query
}

unit_store! {
    /// Digital certificates, as they are written.
    records: DigitalCertificates, record_type: "digital_certificate",
    table: digital_certificates, id: DigitalCertificateId, row: CertificateRow, answer: DigitalCertificate,
    create: DigitalCertificateCreate, filter: DigitalCertificateFilter, unit on: valid_from,
    key: |body| { serial_folded: String = fold(&body.serial_number) },
    sought by: [serial_folded],
    order: DigitalCertificateSort::{ExpiresOn, ExpiresOnDesc} by expires_on: NaiveDate, ExpiresOn first,
    days: [expires_from, expires_to], matching: matching, faults: faults,
    list: certificate_list, get: certificate_get, seen: certificate_seen, delete: certificate_delete,
}

crud! {
    tag: "digital-certificates", what: "a digital certificate", many: "digital certificates", vi: "chứng thư số",
    collection: "/api/v1/e-government/digital-certificates", record: "/api/v1/e-government/digital-certificates/{id}",
    id: DigitalCertificateId, row: DigitalCertificate, page: DigitalCertificatePage,
    create: DigitalCertificateCreate, patch: DigitalCertificatePatch, filter: DigitalCertificateFilter,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    list: list_digital_certificates => certificate_list, get: get_digital_certificate => certificate_get,
    create_one: create_digital_certificate => insert::<DigitalCertificates>,
    replace: replace_digital_certificate => replace::<DigitalCertificates>, patch_one: patch_digital_certificate,
    delete: delete_digital_certificate => certificate_delete,
    batch: "/api/v1/e-government/digital-certificates/batch", batch_digital_certificates => DigitalCertificates,
    import: "/api/v1/e-government/digital-certificates/import", import_digital_certificates, template: "/api/v1/e-government/digital-certificates/template", get_digital_certificate_template, sheet: "digital-certificates",
}

attachments! {
    tag: "digital-certificates", of: "a digital certificate", vi: "chứng thư số",
    list_path: "/api/v1/e-government/digital-certificates/{id}/attachments",
    path: "/api/v1/e-government/digital-certificates/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/e-government/digital-certificates/{id}/attachments/{attachment_id}/content",
    owner: CertificateAttachments, record_type: DigitalCertificate, table: "digital_certificates", id: DigitalCertificateId,
    read: Permit<Read, EGovernment>, write: Permit<Write, EGovernment>,
    seen: certificate_seen, changeable: certificate_seen,
    list: list_digital_certificate_attachments, attach: create_digital_certificate_attachment,
    get: get_digital_certificate_attachment, content: get_digital_certificate_attachment_content,
    delete: delete_digital_certificate_attachment,
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

    unit_lists_are_indexed!(digital_certificates, CertificateRow, {
        let none = DigitalCertificateFilter::default;
        let day = NaiveDate::from_ymd_opt(2026, 1, 1);
        [
            none(),
            DigitalCertificateFilter { sort: Some(DigitalCertificateSort::ExpiresOnDesc), ..none() },
            DigitalCertificateFilter { valid: Some(true), expires_from: day, expires_to: day, ..none() },
            DigitalCertificateFilter { holder: Some(CertificateHolder::Unit), valid: Some(false), ..none() },
        ]
    });
}
