//! The operation: finding records.

use super::model::{SearchFilter, SearchPage};
use super::store::{Sought, search};
use crate::api::mount::Mount;
use crate::api::page::Page;
use crate::api::{ListQuery, Paged};
use crate::auth::permit::Reader;
use crate::error::ApiError;
use crate::operations;
use crate::state::App;

/// Mounts the operation.
pub(super) fn routes(mount: &mut impl Mount) {
    operations!(mount, search_records);
}

#[utoipa::path(
    get, path = "/api/v1/search",
    operation_id = "search_records", tag = "search", summary = "Search records",
    description = "Records of all rooms that bear all words of `q`, within reach and in the domains of the account (tìm kiếm): by their title, code and number, without regard to case and tone marks; the last word may be the beginning of one. Records whose code or number `q` is come first, however it is written (`67/QĐ-UBND`, `067/qđ- ubnd`), then the others, the later before the earlier; pages go on to the last. Dossiers and feedback are found by their codes alone, and nothing by a person's name or by what a citizen wrote. A province with its subtree holds the records of all its units, those that have ended too, and more than 300 units are taken by their provinces.",
    params(
        SearchFilter,
        ("limit" = Option<i64>, Query, description = "How many records a page holds (số bản ghi mỗi trang); 50 when not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "Where the page begins: `next_cursor` of the page before (con trỏ trang).", min_length = 1, max_length = 2000, pattern = "^[A-Za-z0-9_-]+$"),
    ),
    responses((status = 200, description = "A page.", body = SearchPage, headers(("Link" = String, description = "The next page.")))),
)]
async fn search_records(
    reader: Reader,
    query: ListQuery<SearchFilter>,
    app: App,
) -> Result<Paged<SearchPage>, ApiError> {
    let sought = Sought::of(&reader, &query.filter)?;
    let page = query.page_alone(&sought.scoped, &app.keys())?;
    let (question, wanted) = (query.filter.q, page.clone());
    let rows = app.db.read_list(move |conn| search(conn, &sought, &question, &wanted)).await?;
    Ok(Paged(SearchPage::new(rows, &page, &app.keys())))
}
