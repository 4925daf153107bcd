//! The operations on processes: the standard ones.

use super::bodies::{ProcedureProcessCreate, ProcedureProcessPatch};
use super::model::{ProcedureProcess, ProcedureProcessFilter, ProcedureProcessId, ProcedureProcessPage};
use super::store::{
    ProcedureProcesses, process_changeable, process_delete, process_get, process_list, process_seen,
};
use kernel::api::mount::Mount;
use kernel::api::records::{insert, replace};
use kernel::auth::permit::{Permit, ReadReference, Tthc, WriteReference};
use kernel::{attachments, crud};

crud! {
    tag: "procedure-processes", what: "a process of a procedure", many: "processes of procedures",
    vi: "quy trình giải quyết thủ tục hành chính",
    collection: "/api/v1/tthc/procedure-processes", record: "/api/v1/tthc/procedure-processes/{id}",
    id: ProcedureProcessId, row: ProcedureProcess, page: ProcedureProcessPage,
    create: ProcedureProcessCreate, patch: ProcedureProcessPatch, filter: ProcedureProcessFilter,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    list: list_procedure_processes => process_list, get: get_procedure_process => process_get,
    create_one: create_procedure_process => insert::<ProcedureProcesses>,
    replace: replace_procedure_process => replace::<ProcedureProcesses>, patch_one: patch_procedure_process,
    delete: delete_procedure_process => process_delete,
    batch: "/api/v1/tthc/procedure-processes/batch", batch_procedure_processes => ProcedureProcesses,
    import: "/api/v1/tthc/procedure-processes/import", import_procedure_processes, template: "/api/v1/tthc/procedure-processes/template", get_procedure_process_template, sheet: "procedure-processes",
}

attachments! {
    tag: "procedure-processes", of: "a process of a procedure", vi: "quy trình giải quyết thủ tục hành chính",
    list_path: "/api/v1/tthc/procedure-processes/{id}/attachments",
    path: "/api/v1/tthc/procedure-processes/{id}/attachments/{attachment_id}",
    content_path: "/api/v1/tthc/procedure-processes/{id}/attachments/{attachment_id}/content",
    owner: ProcessAttachments, record_type: ProcedureProcess, table: "procedure_processes", id: ProcedureProcessId,
    read: Permit<ReadReference, Tthc>, write: Permit<WriteReference, Tthc>,
    seen: process_seen, changeable: process_changeable,
    list: list_procedure_process_attachments, attach: create_procedure_process_attachment,
    get: get_procedure_process_attachment, content: get_procedure_process_attachment_content,
    delete: delete_procedure_process_attachment,
}

/// Mounts the operations.
pub fn routes(mount: &mut impl Mount) {
    crud_routes(mount);
    attachment_routes(mount);
}
