//! The demonstration: the whole country's units, the periods of five years, a real district's
//! figures for the first half of 2024, and accounts to try them with. Everything is loaded through
//! the same functions that serve the API, and kept between starts.

mod accounts;
pub mod dossiers;
pub mod report;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;

use self::dossiers::DemoDossiers;
use crate::app;
use crate::service::Service;
use kernel::api::contract::Contract;
use kernel::api::records::insert;
use kernel::audit::journal::Author;
use kernel::auth::keys::MasterKey;
use kernel::auth::password::DEMO_PASSWORD;
use kernel::auth::scope::Scoped;
use kernel::config::{AttachmentPlace, Config, FileName};
use kernel::db::schema::processing_returns;
use kernel::db::{DbConn, Location, migrate};
use kernel::error::ApiError;
use kernel::reporting::{holidays, periods};
use kernel::state::{AppState, Clock, StartError};
use kernel::tree::Tier;
use organization::catalogue::import::import;
use tthc::procedures;
use tthc::processing_returns::ProcessingReturns;
use tthc::processing_returns::bodies::ProcessingReturnCreate;
use tthc::processing_returns::model::CarriedOverBasis;
use tthc::processing_returns::steps::processing_return_submit;

/// The SQLite file of the demonstration, in the data folder.
const DEMO_FILE: &str = "demo.db";

/// The folder of its attachments, likewise.
const DEMO_ATTACHMENTS: &str = "demo-attachments";

/// Serves the demonstration until a signal stops it.
///
/// # Errors
/// Whatever stops the start, in one line.
pub async fn run(
    mut config: Config,
    fresh: bool,
    made_up: Option<DemoDossiers>,
    contract: Contract,
    out: &mut impl Write,
) -> Result<(), StartError> {
    config.sqlite_file = FileName(DEMO_FILE.into());
    let location = migrate::location(&config)?;
    if matches!(location, Location::Postgres(_)) && config.master_key.is_none() {
        // A demonstration holds nothing that a secret would protect.
        config.master_key = MasterKey::new("the demonstration has no secrets of its own").ok();
    }
    if config.attachments == AttachmentPlace::DataFolder {
        config.attachments = AttachmentPlace::Folder(config.data_dir.join(DEMO_ATTACHMENTS));
    }
    let listener = app::listen(config.bind)?;
    let address = listener.local_addr()?;
    if fresh {
        start_over(&location)?;
        forget_attachments(&config)?;
    }
    let service = Service::open(config, location, Clock::System, contract).await?;
    writeln!(out, "cchc demo: starting on http://{address}")?;
    let state = service.state.clone();
    let loading = async {
        load(&state).await?;
        if let Some(wanted) = made_up {
            dossiers::load(&state, wanted, |line| writeln!(out, "cchc demo: {line}")).await?;
        }
        state.set_ready();
        Ok(introduce(out, address, made_up)?)
    };
    let serving = async { Ok::<_, StartError>(service.run(listener).await?) };
    tokio::try_join!(serving, loading)?;
    Ok(())
}

/// Forgets what the demonstration holds.
fn start_over(location: &Location) -> Result<(), StartError> {
    match location {
        Location::Sqlite(path) => {
            let _lock = migrate::lock_for_serving(location)?;
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                match std::fs::remove_file(Path::new(&name)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            Ok(())
        }
        Location::Postgres(_) => Ok(migrate::revert_all(location)?),
    }
}

/// Forgets the content of its attachments, where that stands in the data folder.
fn forget_attachments(config: &Config) -> Result<(), StartError> {
    match std::fs::remove_dir_all(config.data_dir.join(DEMO_ATTACHMENTS)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn introduce(
    out: &mut impl Write,
    address: SocketAddr,
    made_up: Option<DemoDossiers>,
) -> std::io::Result<()> {
    let base = format!("http://{address}");
    let form = "reporting/forms/06a?org_unit_code=934&scope=subtree&definition=withdrawn-refused-apart";
    let get = |query: &str| {
        format!(
            "curl -s -H \"Authorization: Bearer $(curl -s -d 'grant_type=password&username=admin&password={DEMO_PASSWORD}' \
             {base}/api/v1/auth/token | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')\" '{base}/api/v1/{query}'"
        )
    };
    writeln!(
        out,
        "\nSwagger UI:  {base}/swagger-ui/\n\
         \n\
         Accounts (password {DEMO_PASSWORD} for all):\n\
         \x20 admin               administrator of the whole country\n\
         \x20 huyen.phunghiep     editor and reviewer of the district 934 Phụng Hiệp (ended 2025)\n\
         \x20 xa.hiephung         editor of the commune 31429 Hiệp Hưng (ended 2025)\n\
         \x20 tp.cantho           reviewer of 92 Cần Thơ\n\
         \x20 xa.hiephung.2025    editor of the commune 31396 Hiệp Hưng\n\
         \x20 xa.tanbinh.2025     editor of the commune 31399 Tân Bình\n\
         \x20 thanhtra            inspector of 92 Cần Thơ\n\
         Client:   cong-tinh (92 Cần Thơ, tthc:write), secret {DEMO_PASSWORD}\n\
         \n\
         Form 06 of Phụng Hiệp, first half of 2024:\n\
         {}\n",
        get(&format!("{form}&as_of=2024-06-30&period=2024-H1"))
    )?;
    if made_up == Some(DemoDossiers::Report) {
        let days = "from=2024-01-01&to=2024-07-02&as_of=2024-07-02&source=records";
        writeln!(out, "The same from its made-up dossiers:\n{}\n", get(&format!("{form}&{days}")))?;
    }
    out.flush()
}

/// Loads what is not there yet.
async fn load(state: &Arc<AppState>) -> Result<(), StartError> {
    let at = state.now();
    // What a later version of the demonstration adds comes into one that was made before.
    holidays::import(&state.db, at).await?;
    procedures::import::import(&state.db, at).await?;
    periods::import(&state.db, at).await?;
    if state.db.read(|conn| Ok(is_loaded(conn)?)).await? {
        return Ok(());
    }
    import(&state.db, at, |_, _| {}).await?;
    state.units_changed().await?;
    let scoped = Scoped::operator(Author::operator("demo", at), state.units());
    accounts::load(state, &scoped).await?;
    state.access_changed().await?;
    report::load(state).await?;
    // Last: its presence says that everything else is there.
    load_phung_hiep(state, &scoped).await?;
    Ok(())
}

fn is_loaded(conn: &mut DbConn) -> QueryResult<bool> {
    // Also when somebody has deleted them since.
    diesel::select(diesel::dsl::exists(processing_returns::table.select(processing_returns::id)))
        .get_result(conn)
}

/// The results of both tiers as the report states them, with the sentences they stand in.
fn phung_hiep() -> [ProcessingReturnCreate; 2] {
    let line = |handling_level, source: &str| ProcessingReturnCreate {
        org_unit_id: None,
        org_unit_identifier: None,
        org_unit_code: Some("934".into()),
        period_id: None,
        period_code: Some("2024-H1".into()),
        handling_level,
        field: None,
        nil: false,
        received_online: 0,
        received_in_person: 0,
        received_postal: 0,
        carried_over: None,
        carried_over_basis: Some(CarriedOverBasis::Implied),
        resolved_early: 0,
        resolved_on_time: 0,
        resolved_overdue: 0,
        pending_in_time: 0,
        pending_overdue: 0,
        withdrawn: 0,
        refused: 0,
        covers_from: None,
        covers_to: NaiveDate::from_ymd_opt(2024, 7, 2),
        source_note: Some(source.into()),
    };
    [
        ProcessingReturnCreate {
            received_online: 1_882,
            received_in_person: 5_395,
            resolved_early: 6_986,
            resolved_on_time: 88,
            resolved_overdue: 13,
            pending_in_time: 642,
            pending_overdue: 2,
            withdrawn: 6,
            refused: 13,
            ..line(
                Tier::District,
                "Cấp huyện: Tiếp nhận được 7.277 hồ sơ (trong đó, có 1.882 hồ sơ trực tuyến, chiếm 25,86%): đã giải \
                 quyết 7.087 hồ sơ, trong đó, trước hạn 6.986 hồ sơ, đúng hạn 88 hồ sơ (chiếm 99,82%) và trễ hẹn 13 hồ \
                 sơ (lĩnh vực bảo trợ xã hội 11 hồ sơ; lĩnh vực giáo dục 02 hồ sơ); tự rút 06 hồ sơ, từ chối giải quyết \
                 13 hồ sơ; đang giải quyết 644 hồ sơ (trong đó có 01 hồ sơ Lao động-Tiền lương-BHXH, 01 hồ sơ đất đai \
                 quá hạn).",
            )
        },
        ProcessingReturnCreate {
            received_online: 9_210,
            received_in_person: 462,
            resolved_early: 8_154,
            resolved_on_time: 177,
            resolved_overdue: 14,
            pending_in_time: 1_412,
            pending_overdue: 8,
            withdrawn: 83,
            refused: 17,
            ..line(
                Tier::Commune,
                "Cấp xã: Tiếp nhận được 9.672 hồ sơ (trong đó, có 9.210 hồ sơ trực tuyến, chiếm 95,22%): đã giải quyết \
                 8.345 hồ sơ, trong đó, trước hạn 8.154 hồ sơ, đúng hạn 177 hồ sơ (chiếm 99,83%) và trễ hẹn 14 hồ sơ \
                 (lĩnh vực đất đai 13 hồ sơ; lĩnh vực hộ tịch 01 hồ sơ); tự rút 83 hồ sơ, từ chối giải quyết 17 hồ sơ; \
                 đang giải quyết 1.420 hồ sơ, trong đó, trong hạn 1.412 hồ sơ.",
            )
        },
    ]
}

async fn load_phung_hiep(state: &AppState, scoped: &Scoped) -> Result<(), ApiError> {
    let scoped = scoped.clone();
    state
        .db
        .write(scoped.author(), move |tx| {
            let [district, commune] = phung_hiep();
            let district = insert::<ProcessingReturns>(tx, &scoped, district)?.into_value();
            let commune = insert::<ProcessingReturns>(tx, &scoped, commune)?.into_value();
            processing_return_submit(tx, &scoped, district.id, None)?;
            processing_return_submit(tx, &scoped, commune.id, None)
        })
        .await?;
    Ok(())
}
