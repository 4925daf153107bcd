//! The operations on declarations of complete records: the standard ones.

use super::model::{
    RecordDeclaration, RecordDeclarationCreate, RecordDeclarationFilter, RecordDeclarationId,
    RecordDeclarationPage, RecordDeclarationPatch,
};
use super::store::{RecordDeclarations, declaration_delete, declaration_get, declaration_list};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, Read, Tthc, Write};
use kernel::crud;

crud! {
    tag: "record-declarations", what: "a declaration of complete records", many: "declarations of complete records",
    vi: "công bố dữ liệu hồ sơ đầy đủ",
    collection: "/api/v1/tthc/record-declarations", record: "/api/v1/tthc/record-declarations/{id}",
    id: RecordDeclarationId, row: RecordDeclaration, page: RecordDeclarationPage,
    create: RecordDeclarationCreate, patch: RecordDeclarationPatch, filter: RecordDeclarationFilter,
    read: Permit<Read, Tthc>, write: Permit<Write, Tthc>,
    list: list_record_declarations => declaration_list, get: get_record_declaration => declaration_get,
    create_one: create_record_declaration => insert::<RecordDeclarations>,
    replace: replace_record_declaration => replace::<RecordDeclarations>, patch_one: patch_record_declaration,
    delete: delete_record_declaration => declaration_delete,
    batch: "/api/v1/tthc/record-declarations/batch", batch_record_declarations => RecordDeclarations,
    import: "/api/v1/tthc/record-declarations/import", import_record_declarations, template: "/api/v1/tthc/record-declarations/template", get_record_declaration_template, sheet: "record-declarations",
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
}
