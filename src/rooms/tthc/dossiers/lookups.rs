//! Following one's own dossier (tra cứu hồ sơ): whoever holds its code and knows the last four digits of the
//! identity number on it reads its status and due day, and no personal data.
//!
//! An address may ask so often a minute. Each try counts against the code before it is looked at, so that
//! no number of addresses together guess four digits. The right answer takes back its own try and no other:
//! who handed a dossier in knows their own four digits, and must not go on for ever guessing its owner's. A
//! code that nobody has and a wrong check are answered alike.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::due::Timeliness;
use super::life::DossierStatus;
use super::row::HeldDossier;
use super::store::held_by_codes;
use kernel::auth::keys::{KeyRing, PersonalKeys};
use kernel::db::schema::dossier_lookup_tries;
use kernel::db::types::Instant;
use kernel::db::{Db, DbConn};
use kernel::error::{ApiError, Problem};
use kernel::on_db;
use kernel::tree::OrgTree;
use kernel::unit_reference::label;

/// Wrong tries after which a code is locked.
const TRIES: i64 = 5;

/// Seconds for which it is locked, and after which wrong tries are forgotten.
const LOCKED: i64 = 15 * 60;

/// Which dossier is followed (tra cứu hồ sơ).
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "H13.44-261102-0007", "id_last4": "0000"}))]
pub struct DossierLookup {
    /// Its code, as on the receipt (mã hồ sơ).
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60)]
    pub code: String,
    /// The last four digits of the identity number of its owner or submitter (4 số cuối số định danh).
    #[validate(custom(function = four_digits))]
    #[schema(min_length = 4, max_length = 4, pattern = "^[0-9]{4}$")]
    pub id_last4: String,
}

impl std::fmt::Debug for DossierLookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DossierLookup(..)")
    }
}

fn four_digits(text: &str) -> Result<(), ValidationError> {
    if text.len() == 4 && text.bytes().all(|letter| letter.is_ascii_digit()) {
        return Ok(());
    }
    Err(ValidationError::new("digits").with_message("Gồm đúng 4 chữ số. | It is four digits.".into()))
}

/// How far a dossier is (tình trạng hồ sơ), without personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "H13.44-261102-0007", "procedure_code": "1.001193", "procedure_name": "Đăng ký khai sinh",
    "resolving_unit_name": "Xã Phụng Hiệp", "status": "processing", "status_vi": "đang xử lý",
    "timeliness": "early", "received_on": "2026-11-02", "due_on": "2026-11-05", "rescheduled_to": null,
    "resolved_on": null, "returned_on": null, "closed_on": null, "generated": false
}))]
pub struct DossierProgress {
    /// Its code (mã hồ sơ).
    pub code: String,
    /// National code of the procedure (mã TTHC).
    pub procedure_code: String,
    /// Name of the procedure (tên thủ tục).
    pub procedure_name: String,
    /// The unit that resolves it (đơn vị giải quyết).
    pub resolving_unit_name: String,
    /// Status (trạng thái).
    pub status: DossierStatus,
    /// The status in Vietnamese (trạng thái bằng tiếng Việt).
    pub status_vi: String,
    /// Whether it is in time (tình trạng hạn).
    pub timeliness: Option<Timeliness>,
    /// The day of receipt (ngày tiếp nhận).
    pub received_on: NaiveDate,
    /// The due day (ngày hẹn trả); null where there is none.
    pub due_on: Option<NaiveDate>,
    /// The day that was promised with an apology (ngày hẹn lại).
    pub rescheduled_to: Option<NaiveDate>,
    /// The day on which it was resolved (ngày xử lý xong).
    pub resolved_on: Option<NaiveDate>,
    /// The day on which the result was returned (ngày trả kết quả).
    pub returned_on: Option<NaiveDate>,
    /// The day on which it was withdrawn or refused (ngày rút, từ chối).
    pub closed_on: Option<NaiveDate>,
    /// Whether it was made up for a demonstration (hồ sơ sinh tự động để trình diễn).
    pub generated: bool,
}

impl DossierProgress {
    fn of(held: HeldDossier, tree: &OrgTree, now: Instant) -> Self {
        let HeldDossier { row, procedure, .. } = held;
        let day = |at: Option<Instant>| at.map(Instant::vietnam_day);
        Self {
            resolving_unit_name: label(tree, row.org_unit_id, now.vietnam_day()).org_unit_name,
            procedure_code: procedure.code,
            procedure_name: procedure.name,
            status: row.status,
            status_vi: row.status.label_vi().to_owned(),
            timeliness: row.timeliness(now),
            received_on: row.received_on(),
            due_on: row.due().on,
            rescheduled_to: row.rescheduled_to,
            resolved_on: day(row.resolved_at),
            returned_on: day(row.returned_at),
            closed_on: day(row.closed_at),
            generated: row.generated,
            code: row.code,
        }
    }
}

/// What a look-up comes to.
enum Looked {
    Found(Box<HeldDossier>),
    Nothing,
    Locked(i64),
}

/// Looks a dossier up for whoever holds its code.
///
/// # Errors
/// 404 for a wrong code and a wrong check alike; 429 while the code is locked.
pub(super) async fn look_up(
    db: &Db,
    keys: std::sync::Arc<KeyRing>,
    tree: &OrgTree,
    now: Instant,
    lookup: DossierLookup,
) -> Result<DossierProgress, ApiError> {
    match db.maintain(move |conn| looked_up(conn, keys.personal(), now, &lookup)).await? {
        Looked::Found(held) => Ok(DossierProgress::of(*held, tree, now)),
        Looked::Nothing => Err(ApiError::detailed(
            Problem::NotFound,
            "Không có hồ sơ nào khớp với mã hồ sơ và 4 số cuối của số định danh.",
            "No dossier has this code and these last four digits.",
        )),
        Looked::Locked(seconds) => Err(ApiError::detailed(
            Problem::TooManyRequests,
            "Mã hồ sơ này tạm khóa tra cứu vì đã nhập sai nhiều lần.",
            "This code is locked for a while after several wrong tries.",
        )
        .with_header(actix_web::http::header::RETRY_AFTER, &seconds.to_string())),
    }
}

fn looked_up(
    conn: &mut DbConn,
    keys: &PersonalKeys,
    now: Instant,
    lookup: &DossierLookup,
) -> Result<Looked, ApiError> {
    use dossier_lookup_tries as t;
    let digest = keys.search_digest("dossier code", &lookup.code);
    let (tries, since) = tried(conn, &digest, now)?;
    if tries > TRIES {
        let seconds = since.unix_seconds() + LOCKED - now.unix_seconds();
        return Ok(Looked::Locked(seconds.max(1)));
    }
    for held in held_by_codes(conn, &[&lookup.code])? {
        let people = [held.row.owner(keys)?, held.row.submitter(keys)?];
        let numbers = people.into_iter().flatten().filter_map(|person| person.id_number);
        if numbers.into_iter().any(|number| number.ends_with(&lookup.id_last4)) {
            diesel::update(t::table.find(&digest)).set(t::tries.eq(t::tries - 1)).execute(conn)?;
            return Ok(Looked::Found(Box::new(held)));
        }
    }
    Ok(Looked::Nothing)
}

/// Counts a try against a code; answers how many there are, and since when.
fn tried(conn: &mut DbConn, digest: &str, now: Instant) -> Result<(i64, Instant), ApiError> {
    use dossier_lookup_tries as t;
    let forgotten = now.plus_seconds(-LOCKED);
    diesel::delete(t::table.find(digest).filter(t::since.le(forgotten))).execute(conn)?;
    on_db!(&mut *conn, |c| diesel::insert_into(t::table)
        .values((t::code_digest.eq(digest), t::tries.eq(1_i64), t::since.eq(now)))
        .on_conflict(t::code_digest)
        .do_update()
        .set(t::tries.eq(t::tries + 1))
        .execute(c))?;
    Ok(t::table.find(digest).select((t::tries, t::since)).first(conn)?)
}

/// Forgets tries that no longer lock anything; answers how many.
///
/// # Errors
/// When the database is away.
pub async fn forget(db: &Db, now: Instant) -> Result<usize, ApiError> {
    use dossier_lookup_tries as t;
    let old = move |conn: &mut DbConn| {
        Ok(diesel::delete(t::table.filter(t::since.le(now.plus_seconds(-LOCKED)))).execute(conn)?)
    };
    db.maintain(old).await
}
