//! The contract: collected by utoipa from the handlers, completed with what all operations share.

pub mod carried;
mod examples;
mod terms;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use self::examples::Orders;

use kernel::api::batch::{BATCH_LINES, NDJSON};
use kernel::api::listing::CSV;
use kernel::api::mount::Described;
use kernel::api::sheet::XLSX;
use kernel::attachments::kinds::media_types;
use kernel::error::{Problem, ProblemDetails, ProblemFault};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cchc",
        description = "The open service on which a Vietnamese province runs its administrative reform (cải cách hành chính).\n\nConventions: lists are pages with opaque cursors, or with `Accept: text/csv` or `application/x-ndjson` all rows in one stream, or with that of a spreadsheet all rows as XLSX; `PUT`, `PATCH` and `DELETE` want `If-Match`; failures are `application/problem+json` in the language of `Accept-Language` (vi, en); days are Vietnam's (UTC+7); `valid_to` and every other end of validity is the first day on which something no longer holds.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "cchc"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemDetails, ProblemFault)),
    tags(
        (name = "auth", description = "Signing in and out, one's own account (xác thực)"),
        (name = "accounts", description = "Accounts of people and systems, and their grants (tài khoản và phân quyền)"),
        (name = "journal", description = "Who wrote what and when (nhật ký)"),
        (name = "org-units", description = "Administrative units and agencies, as they stand on any day (đơn vị)"),
        (name = "procedures", description = "Administrative procedures in their versions, and when a dossier is due (thủ tục hành chính)"),
        (name = "procedure-fields", description = "Fields of administrative procedures (lĩnh vực thủ tục hành chính)"),
        (name = "procedure-publications", description = "Decisions that announce procedures, and where the catalogue differs from them (quyết định công bố thủ tục hành chính)"),
        (name = "procedure-postings", description = "Procedures shown to the public by a unit (niêm yết công khai thủ tục hành chính)"),
        (name = "procedure-processes", description = "Internal and linked processes of procedures, step by step (quy trình nội bộ, quy trình liên thông)"),
        (name = "dossiers", description = "Dossiers, from receipt to result: written whole or step by step, with due day, history and who may see whose name (hồ sơ TTHC)"),
        (name = "dossier-rules", description = "Which waits stop the clock of dossiers, from a day of receipt on (quy tắc tính thời hạn giải quyết hồ sơ)"),
        (name = "statistics", description = "What became of dossiers and how long it took, and which are overdue (thống kê hồ sơ TTHC)"),
        (name = "apologies", description = "Late dossiers with a letter of apology and those that lack one (thư xin lỗi)"),
        (name = "public", description = "What anyone may read without a token (tra cứu công khai)"),
        (name = "procedure-reviews", description = "Reviews of procedures, what they propose and what came of it (rà soát, đơn giản hóa thủ tục hành chính)"),
        (name = "reorganizations", description = "Acts by which units are established, merged, divided, dissolved, renamed or moved (sắp xếp tổ chức bộ máy)"),
        (name = "delegations", description = "Powers that a unit hands to another (phân quyền, phân cấp, ủy quyền)"),
        (name = "staffing-returns", description = "Posts given and filled, block by block, as units report them (báo cáo biên chế)"),
        (name = "leadership-returns", description = "Deputies of agencies and service units, as units report them (báo cáo số lượng cấp phó)"),
        (name = "boundary-returns", description = "Boundary markers, maps and records, as units report them (báo cáo mốc, bản đồ, hồ sơ địa giới hành chính)"),
        (name = "qualification-returns", description = "Degrees of officials, as units report them (báo cáo trình độ chuyên môn)"),
        (name = "asset-declaration-returns", description = "Who must declare assets and income and who has, as units report it (báo cáo kê khai tài sản, thu nhập)"),
        (name = "work-diary-returns", description = "Who keeps a work diary, as units report it (báo cáo ghi nhật ký công việc)"),
        (name = "autonomy-returns", description = "Units by degree of financial autonomy, as units report them (báo cáo cơ chế tự chủ tài chính)"),
        (name = "systems", description = "Information systems, and how far each reaches (hệ thống thông tin)"),
        (name = "deployments", description = "Which unit uses which system (triển khai hệ thống thông tin)"),
        (name = "digital-certificates", description = "Certificates with which units sign, and when they expire (chứng thư số)"),
        (name = "measure-returns", description = "How much is digital, measure by measure, as units report it (báo cáo chỉ tiêu chính quyền điện tử)"),
        (name = "directives", description = "Documents that guide a unit, or by which it guides others (văn bản chỉ đạo, điều hành)"),
        (name = "support-activities", description = "What units do so that people can use online services (hỗ trợ nộp hồ sơ trực tuyến, tuyên truyền)"),
        (name = "focal-points", description = "Positions charged with the control of procedures and with feedback, without names (cán bộ, công chức đầu mối kiểm soát thủ tục hành chính)"),
        (name = "citizen-feedback", description = "Feedback and petitions of citizens and enterprises, and whether they are answered in time (phản ánh, kiến nghị)"),
        (name = "feedback-time-limits", description = "How long the steps of feedback may take, from a day of receipt on (thời hạn xử lý phản ánh, kiến nghị)"),
        (name = "satisfaction-ratings", description = "How satisfied applicants are with the handling of their dossiers (đánh giá sự hài lòng)"),
        (name = "processing-returns", description = "Results of handling administrative procedures, reported by a unit for a period (số liệu giải quyết TTHC)"),
        (name = "record-declarations", description = "Since when every dossier of a unit is kept as a record (công bố dữ liệu hồ sơ đầy đủ)"),
        (name = "legal-documents", description = "Legal documents of units, from proposal to expiry, and whether they are in force on a day (văn bản quy phạm pháp luật)"),
        (name = "document-relations", description = "What one legal document does to another: amend, replace, repeal, suspend (quan hệ giữa văn bản)"),
        (name = "document-reviews", description = "Reviews of legal documents and what changed within their span (tự kiểm tra, rà soát, hệ thống hóa văn bản)"),
        (name = "law-enforcement-monitoring", description = "How units follow the enforcement of the law (theo dõi tình hình thi hành pháp luật)"),
        (name = "personnel-decisions", description = "What was decided about those who serve: counted by kind, never by name (quyết định về nhân sự)"),
        (name = "job-position-schemes", description = "Schemes of job positions and how many units they cover (đề án vị trí việc làm)"),
        (name = "training-courses", description = "Courses of training, who was sent and who finished (đào tạo, bồi dưỡng)"),
        (name = "staff-streamlining", description = "Rounds in which posts are given up, stage by stage from proposal to payment (tinh giản biên chế)"),
        (name = "discipline-inspections", description = "Inspections of discipline and working hours (kiểm tra kỷ luật, kỷ cương hành chính)"),
        (name = "discipline-visits", description = "Units that inspections of discipline visited, and what they found (lượt kiểm tra kỷ luật, kỷ cương)"),
        (name = "officials", description = "Who serves in which unit, as the personnel software lists them; personal data masked (cán bộ, công chức, viên chức, người lao động)"),
        (name = "quality-ratings", description = "How well those who serve did their duties in a year, counted (đánh giá, xếp loại chất lượng)"),
        (name = "investment-plans", description = "Plans of public investment, and where they stand on any day (kế hoạch vốn đầu tư công)"),
        (name = "plan-adjustments", description = "What decisions add to plans and take from them (điều chỉnh kế hoạch vốn đầu tư công)"),
        (name = "disbursements", description = "What was paid out of plans (giải ngân vốn đầu tư công)"),
        (name = "audit-recommendations", description = "What inspections and audits ask back, and what is outstanding (kiến nghị thanh tra, kiểm toán về tài chính)"),
        (name = "remittances", description = "What was paid towards recommendations (nộp tiền theo kiến nghị thanh tra, kiểm toán)"),
        (name = "budget-disclosures", description = "What was made public of the budget (công khai dự toán, quyết toán ngân sách)"),
        (name = "final-accounts", description = "Which unit handed in the accounts of which year, and whether in time (báo cáo quyết toán năm)"),
        (name = "spending-rules", description = "By which rules units spend and use public assets (quy chế chi tiêu nội bộ, quy chế quản lý tài sản công)"),
        (name = "fiscal-data-package", description = "Open export of public investment as a Fiscal Data Package (dữ liệu mở về vốn đầu tư công)"),
        (name = "periods", description = "Reporting periods (kỳ báo cáo)"),
        (name = "period-closures", description = "Closings of periods, the forms as they were then, and what differs since (khóa sổ kỳ báo cáo)"),
        (name = "holidays", description = "Public holidays and make-up working days (ngày nghỉ lễ, ngày làm bù)"),
        (name = "forms", description = "Statutory forms, computed from returns (biểu mẫu báo cáo)"),
        (name = "rules", description = "Rules by which the service notices what may be wrong (quy tắc kiểm tra)"),
        (name = "search", description = "Records of all rooms, found by their words, numbers and codes (tìm kiếm)"),
        (name = "changes", description = "What changed, for systems that keep a copy (luồng thay đổi)"),
        (name = "national-portal", description = "Dossiers in the shape of the national portal, and the ledger of what was exchanged (Cổng dịch vụ công quốc gia, sổ đối soát)"),
        (name = "operation", description = "Health and metrics (vận hành)"),
    )
)]
struct Base;

/// The contract as it is served and as it stands in `openapi/openapi.json`.
#[must_use]
pub fn document() -> Value {
    let mut collected = Described(Base::openapi());
    crate::app::routes(&mut collected);
    let Described(collected) = collected;
    let orders = orders(&collected);
    let mut document = serde_json::to_value(collected).unwrap_or_default();
    complete(&mut document, &orders);
    document
}

/// The contract as text: sorted keys, two blanks, a line end.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn orders(collected: &utoipa::openapi::OpenApi) -> Orders {
    let schemas = collected.components.iter().flat_map(|components| &components.schemas);
    let members = |(name, schema): (&String, &RefOr<Schema>)| match schema {
        RefOr::T(Schema::Object(object)) => Some((name.clone(), object.properties.keys().cloned().collect())),
        _ => None,
    };
    schemas.filter_map(members).collect()
}

/// The schema of a page's records, for the schema of a page.
fn item_of(schema: &Value) -> Option<&str> {
    schema.pointer("/properties/next_cursor")?;
    schema.pointer("/properties/items/items/$ref")?.as_str()?.rsplit('/').next()
}

fn complete(document: &mut Value, orders: &Orders) {
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        terms::complete_terms(schemas);
        examples::complete_pages(schemas);
    }
    complete_batches(document);
    complete_imports(document, orders);
    complete_contents(document);
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert(
            "securitySchemes".into(),
            json!({
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "An access token of `POST /api/v1/auth/token`."},
                "password": {"type": "oauth2", "description": "Sign in with user name and password.",
                    "flows": {"password": {"tokenUrl": "/api/v1/auth/token", "scopes": {}}}},
            }),
        );
    }
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned();
    let schemas = schemas.unwrap_or_default();
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths.iter_mut() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete_operation(path, method, operation);
            }
            let forms = operation.pointer_mut("/responses/200/content").and_then(Value::as_object_mut);
            if let Some(forms) = forms {
                examples::complete_lists(forms, &schemas, orders);
            }
        }
    }
    let used = Value::Object(paths.clone()).to_string();
    let mut responses = shared_responses();
    responses.retain(|name, _| used.contains(&format!("#/components/responses/{name}\"")));
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert("responses".into(), responses.into());
    }
}

/// The header with which a POST may be sent again.
fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "A key of the client's own for this request (khóa chống ghi trùng): sent again with it, the request is answered again and not done again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    })
}

/// A line of a batch is the record's body with two members more, which say when it may be written.
fn complete_batches(document: &mut Value) {
    let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    for path in paths.keys().filter(|path| path.ends_with("/batch")) {
        let items = format!(
            "/paths/{}/post/requestBody/content/application~1json/schema/items/$ref",
            path.replace('/', "~1")
        );
        let Some(body) = document.pointer(&items).and_then(Value::as_str).map(str::to_owned) else {
            continue;
        };
        let Some(name) =
            body.rsplit('/').next().map(|name| format!("{}Line", name.trim_end_matches("Create")))
        else {
            continue;
        };
        let Some(mut line) = document.pointer(body.trim_start_matches('#')).cloned() else { continue };
        if let Some(members) = line.pointer_mut("/properties").and_then(Value::as_object_mut) {
            members.insert("if_version".into(), json!({
                "type": "integer", "format": "int64", "minimum": 0,
                "description": "The version that the record must have for the line to be written; 0 when there must be none (phiên bản phải có).",
            }));
            members.insert("source_updated_at".into(), json!({
                "type": "string", "format": "date-time",
                "description": "When the sending system last changed its record (thời điểm hệ thống gửi cập nhật): an older line is answered `stale`, one more than a day ahead of the service's clock is refused.",
            }));
        }
        if let Some(description) = line.get_mut("description") {
            *description = json!(format!(
                "A line of a batch (dòng trong lô). {}",
                description.as_str().unwrap_or_default()
            ));
        }
        let example = line.get("example").cloned().unwrap_or_default();
        if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
            schemas.insert(name.clone(), line);
        }
        let content = json!({
            "application/json": {
                "schema": {"type": "array", "maxItems": BATCH_LINES,
                    "items": {"anyOf": [
                        {"$ref": format!("#/components/schemas/{name}")},
                        {"description": "Anything else is refused with 422: with `mode=partial` by itself, else with the whole batch."},
                    ]}},
                "example": [example],
            },
            NDJSON: {
                "schema": {"description": "One record a line, each as in the JSON array."},
                "example": format!("{example}\n"),
            },
        });
        let body = format!("/paths/{}/post/requestBody/content", path.replace('/', "~1"));
        if let Some(place) = document.pointer_mut(&body) {
            *place = content;
        }
    }
}

/// A file of an import has the members of the record's body as its columns.
fn complete_imports(document: &mut Value, orders: &Orders) {
    let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    for path in paths.keys() {
        let Some(collection) = path.strip_suffix("/import") else { continue };
        let body = paths
            .get(collection)
            .and_then(|item| {
                item.pointer("/post/requestBody/content/application~1json/schema/$ref")?.as_str()
            })
            .and_then(|reference| reference.rsplit('/').next());
        let schema = body.and_then(|name| document.pointer(&format!("/components/schemas/{name}")));
        let example =
            schema.and_then(|schema| schema.get("example")?.as_object()).cloned().unwrap_or_default();
        let order = body.and_then(|name| orders.get(name)).cloned().unwrap_or_default();
        let order: Vec<String> = order.into_iter().filter(|name| example.contains_key(name)).collect();
        let order = examples::columns(document, body.unwrap_or_default(), &order);
        let content = json!({
            CSV: {
                "schema": {"type": "string", "description": "A row of the names of fields, and one record a row."},
                "example": examples::rows(&example, &order),
            },
            XLSX: {"schema": spreadsheet("The template, filled in.")},
        });
        let operation = format!("/paths/{}/post", path.replace('/', "~1"));
        if let Some(place) = document.pointer_mut(&format!("{operation}/requestBody/content")) {
            *place = content;
        }
        let responses = document.pointer_mut(&format!("{operation}/responses"));
        if let Some(responses) = responses.and_then(Value::as_object_mut) {
            responses.insert("422".into(), json!({
                "description": "The file or rows of it cannot be taken. With `Accept` of a spreadsheet, a copy of the file that marks the rows, whichever problem they have.",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
                    XLSX: {},
                },
            }));
        }
    }
}

/// The content of an attachment is of any kind that is taken.
fn complete_contents(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (_, item) in
        paths.iter_mut().filter(|(path, _)| path.ends_with("/attachments/{attachment_id}/content"))
    {
        for status in ["200", "206"] {
            let Some(response) = item.pointer_mut(&format!("/get/responses/{status}")) else { continue };
            let forms = media_types()
                .map(|kind| (kind.to_owned(), json!({"schema": {"type": "string", "format": "binary"}})));
            response["content"] = forms.collect::<Map<String, Value>>().into();
        }
    }
}

fn spreadsheet(description: &str) -> Value {
    json!({"type": "string", "format": "binary", "description": description})
}

/// Adds what an operation can answer beside its own replies.
fn complete_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let is_public = operation.get("security").is_some();
    // One's own session: no grant is asked for, and nothing there can conflict.
    let of_session = path.starts_with("/api/v1/auth/");
    if is_public {
        operation.insert("security".into(), json!([]));
    } else {
        operation.insert("security".into(), json!([{"bearer": []}, {"password": []}]));
    }
    let parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let has_in = |place: &str| parameters.iter().any(|p| p.get("in").and_then(Value::as_str) == Some(place));
    let has_if_match = parameters.iter().any(|p| p.get("name").and_then(Value::as_str) == Some("If-Match"));
    let if_match_required = parameters.iter().any(|p| {
        p.get("name").and_then(Value::as_str) == Some("If-Match")
            && p.get("required").and_then(Value::as_bool) == Some(true)
    });
    // An action on a record: a POST that names one.
    let is_step = method == "post" && has_in("path");
    // A question whose words belong in no URL: it writes nothing that could be written twice.
    let is_question = is_public || path.ends_with("/searches");
    let may_repeat = method == "post" && !path.starts_with("/api/v1/auth/") && !is_question;
    if may_repeat {
        let mut parameters = parameters.clone();
        parameters.push(idempotency_key());
        operation.insert("parameters".into(), parameters.into());
    }
    let has_body = operation.contains_key("requestBody");
    let mut problems = vec![500, 503];
    if has_in("query") || has_body {
        problems.extend([400, 422]);
    }
    if !is_public {
        problems.push(401);
    }
    if !is_public && !of_session {
        problems.push(403);
    }
    if path.starts_with("/api/") || path.starts_with("/.well-known/") {
        problems.push(429);
    }
    if has_in("path") {
        // 405: what looks like an id may be another operation's name, such as `batch`.
        problems.extend([404, 405]);
    }
    if has_body {
        problems.extend([413, 415]);
    }
    if has_body && !of_session {
        problems.push(409);
    }
    if has_if_match {
        problems.extend([409, 412]);
    }
    if if_match_required {
        problems.push(428);
    }
    if is_step || may_repeat {
        problems.extend([400, 409, 422]);
    }
    let is_list = parameters.iter().any(|p| p.get("name").and_then(Value::as_str) == Some("bom"));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if is_list && let Some(forms) = responses.get_mut("200").and_then(|page| page.get_mut("content")) {
        forms[CSV] = json!({"schema": {"description": "All rows after RFC 4180, with a line of names; the members of an object have columns of their own (`owner.name`), a list stands in its cell as JSON."}});
        forms[NDJSON] = json!({"schema": {"description": "All rows, one JSON object a line."}});
        forms[XLSX] = json!({});
    }
    for response in responses.values_mut() {
        if let Some(form) = response.pointer_mut(&format!("/content/{}", XLSX.replace('/', "~1"))) {
            *form = json!({"schema": spreadsheet("A spreadsheet.")});
        }
    }
    for status in problems {
        responses
            .entry(status.to_string())
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/Problem{status}")}));
    }
}

/// One reply a status, with the problems that have it.
fn shared_responses() -> Map<String, Value> {
    let mut responses = Map::new();
    for problem in Problem::ALL {
        let status = problem.status().as_u16();
        let of_status: Vec<&Problem> =
            Problem::ALL.iter().filter(|p| p.status().as_u16() == status).collect();
        let lines = of_status
            .iter()
            .map(|p| format!("- `{}`: {} ({})", p.slug(), p.title().en, p.title().vi))
            .collect::<Vec<_>>()
            .join("\n");
        let title = problem.title();
        let example = json!({
            "type": format!("/problems/{}", problem.slug()), "title": title.vi, "status": status,
            "detail": problem.help().vi, "instance": "/api/v1/reporting/periods",
            "request_id": "0190a8c0-0000-7000-8000-0000000000ff",
        });
        responses.entry(format!("Problem{status}")).or_insert_with(|| {
            json!({
                "description": lines,
                "content": {"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
            })
        });
    }
    responses
}
