//! Keyset pages. A cursor names the last row by its sort key and id, is sealed with the service's
//! own secret, and belongs to one list, filter, order and reach: in other hands it is refused.

use actix_web::http::header::{CONTENT_TYPE, LINK};
use actix_web::{HttpRequest, HttpResponse, Responder};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::keys::KeyRing;
use crate::auth::scope::Scoped;
use crate::error::{ApiError, Problem};

/// The parameters of every list.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many records a page holds (số bản ghi mỗi trang); 50 when not given.
    #[validate(range(min = 1, max = 200))]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<i64>,
    /// Where the page begins: `next_cursor` of the page before (con trỏ trang).
    #[validate(length(min = 1, max = 2000))]
    #[param(min_length = 1, max_length = 2000, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
    /// Whether `total` is counted (kèm tổng số).
    pub include_total: Option<bool>,
    /// Whether CSV begins with a byte order mark, by which spreadsheet programs know UTF-8 (kèm BOM).
    pub bom: Option<bool>,
}

impl PageParams {
    /// Their names, which no filter may use.
    pub const NAMES: [&'static str; 4] = ["limit", "cursor", "include_total", "bom"];
}

/// A page as a store function reads it.
#[derive(Debug, Clone)]
pub struct PageRequest {
    limit: i64,
    after: Option<Value>,
    include_total: bool,
    list: String,
    fingerprint: String,
}

impl PageRequest {
    pub(super) fn new(
        params: &PageParams,
        list: String,
        scoped: &Scoped,
        keys: &KeyRing,
    ) -> Result<Self, ApiError> {
        let fingerprint = scoped.fingerprint();
        let after = match &params.cursor {
            None => None,
            Some(cursor) => Some(
                opened(cursor, &list, &fingerprint, keys)
                    .ok_or_else(|| ApiError::new(Problem::InvalidCursor))?,
            ),
        };
        Ok(Self {
            limit: params.limit.unwrap_or(50),
            after,
            include_total: params.include_total.unwrap_or_default(),
            list,
            fingerprint,
        })
    }

    /// The page of so many rows behind this key, for tests of what a store function asks.
    #[cfg(any(test, feature = "testing"))]
    pub fn for_test(limit: i64, after: Option<Value>) -> Self {
        let (list, fingerprint) = (String::new(), String::new());
        Self { limit, after, include_total: false, list, fingerprint }
    }

    /// The same list in parts of this many rows, from its beginning.
    #[must_use]
    pub(super) fn in_parts(mut self, rows: i64) -> Self {
        (self.limit, self.after, self.include_total) = (rows, None, false);
        self
    }

    /// The same page with its total.
    #[must_use]
    pub(super) fn counted(mut self) -> Self {
        self.include_total = true;
        self
    }

    /// The part behind this key.
    #[must_use]
    pub(super) fn behind(mut self, key: Value) -> Self {
        self.after = Some(key);
        self
    }

    /// How many rows to read: one more than the page holds tells whether there is another.
    #[must_use]
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// Whether the total is wanted.
    #[must_use]
    pub fn include_total(&self) -> bool {
        self.include_total
    }

    /// The sort key and id behind which the page begins.
    ///
    /// # Errors
    /// 422 when the cursor was made for another order.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, ApiError> {
        let Some(after) = &self.after else { return Ok(None) };
        serde_json::from_value(after.clone()).map(Some).map_err(|_| ApiError::new(Problem::InvalidCursor))
    }

    /// The page of the rows that were read; `key` names a row by its sort key and id.
    pub fn cut<T>(&self, mut rows: Vec<T>, total: Option<i64>, key: impl Fn(&T) -> Value) -> PageRows<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = if more { rows.last().map(key) } else { None };
        PageRows { items: rows, last, total }
    }

    /// The cursor behind this key.
    #[must_use]
    pub fn cursor(&self, last: &Value, keys: &KeyRing) -> String {
        let key = last.to_string();
        let mut sealed = keys.keyed_digest(&parts(&key, &self.list, &self.fingerprint)).to_vec();
        sealed.extend_from_slice(key.as_bytes());
        URL_SAFE_NO_PAD.encode(sealed)
    }
}

fn parts<'a>(key: &'a str, list: &'a str, fingerprint: &'a str) -> [&'a [u8]; 4] {
    [b"cursor", key.as_bytes(), list.as_bytes(), fingerprint.as_bytes()]
}

fn opened(cursor: &str, list: &str, fingerprint: &str, keys: &KeyRing) -> Option<Value> {
    let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (digest, key) = sealed.split_at_checked(16)?;
    let key = std::str::from_utf8(key).ok()?;
    keys.verify_digest(&parts(key, list, fingerprint), digest).then(|| serde_json::from_str(key).ok())?
}

/// The rows of a page.
#[derive(Debug)]
pub struct PageRows<T> {
    /// The records.
    pub items: Vec<T>,
    /// The key of the last one, when there is another page.
    pub last: Option<Value>,
    /// How many there are on all pages, when asked for.
    pub total: Option<i64>,
}

impl<T> PageRows<T> {
    /// The same page of what each row becomes on the wire.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> PageRows<U> {
        PageRows { items: self.items.into_iter().map(view).collect(), last: self.last, total: self.total }
    }
}

/// A page on the wire, with `Link: <...>; rel="next"`.
#[derive(Debug)]
pub struct Paged<P>(pub P);

/// A page as declared by [`page_of!`](crate::page_of).
pub trait Page: Serialize + Sized + 'static {
    /// A record on it.
    type Item: Serialize + ToSchema + Send + 'static;

    /// The page of these rows.
    #[must_use]
    fn new(rows: PageRows<Self::Item>, page: &PageRequest, keys: &KeyRing) -> Self;

    /// The records on it.
    fn items(&self) -> &[Self::Item];

    /// The cursor of the next page.
    fn next_cursor(&self) -> Option<&str>;
}

impl<P: Page> Responder for Paged<P> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((CONTENT_TYPE, "application/json"));
        if let Some(cursor) = self.0.next_cursor() {
            let kept =
                form_urlencoded::parse(req.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(kept)
                .append_pair("cursor", cursor)
                .finish();
            response.insert_header((LINK, format!("<{}?{query}>; rel=\"next\"", req.path())));
        }
        response.json(self.0)
    }
}

/// Declares the page of a resource: a plain struct, so that the contract names its items.
#[macro_export]
macro_rules! page_of {
    ($page:ident, $item:ty, $title:literal) => {
        #[doc = concat!("A page of ", $title, ".")]
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $page {
            /// The records of this page.
            pub items: Vec<$item>,
            /// The cursor of the next page; null on the last one.
            pub next_cursor: Option<String>,
            /// How many records there are on all pages, with `include_total=true`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(required = false, nullable = false)]
            pub total: Option<i64>,
        }

        impl $crate::api::page::Page for $page {
            type Item = $item;

            fn new(
                rows: $crate::api::PageRows<$item>,
                page: &$crate::api::PageRequest,
                keys: &$crate::auth::keys::KeyRing,
            ) -> Self {
                let next_cursor = rows.last.as_ref().map(|last| page.cursor(last, keys));
                Self { items: rows.items, next_cursor, total: rows.total }
            }

            fn items(&self) -> &[$item] {
                &self.items
            }

            fn next_cursor(&self) -> Option<&str> {
                self.next_cursor.as_deref()
            }
        }
    };
}

/// Orders a boxed query by a column and the id, and begins behind the page's cursor. The cursor is
/// compared as a row, `(column, id) > (value, last)`: both planners then start in the index at the
/// very row, also where thousands share one value.
#[macro_export]
macro_rules! keyset {
    ($query:expr, $page:expr, asc $column:path => $type:ty, $id:path => $id_type:ty) => {
        $crate::keyset!(@ $query, $page, Greater, asc, $column => $type, $id => $id_type)
    };
    ($query:expr, $page:expr, desc $column:path => $type:ty, $id:path => $id_type:ty) => {
        $crate::keyset!(@ $query, $page, Less, desc, $column => $type, $id => $id_type)
    };
    (@ $query:expr, $page:expr, $side:ident, $order:ident, $column:path => $type:ty, $id:path => $id_type:ty) => {{
        use diesel::dsl::SqlTypeOf;
        let mut query = $query;
        if let Some((value, id)) = $page.after::<($type, $id_type)>()? {
            query = query.filter($crate::db::row_value::RowBeyond {
                columns: ($column, $id),
                side: $crate::db::row_value::Side::$side,
                row: (value.into_sql::<SqlTypeOf<$column>>(), id.into_sql::<SqlTypeOf<$id>>()),
            });
        }
        query.order(($column.$order(), $id.$order())).limit($page.rows())
    }};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ring() -> &'static KeyRing {
        static RING: std::sync::OnceLock<KeyRing> = std::sync::OnceLock::new();
        RING.get_or_init(|| {
            KeyRing::generate(serde_json::from_value(json!("2026-11-23T05:00:00Z")).unwrap()).unwrap()
        })
    }

    fn page(list: &str, fingerprint: &str) -> PageRequest {
        PageRequest {
            limit: 50,
            after: None,
            include_total: false,
            list: list.into(),
            fingerprint: fingerprint.into(),
        }
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was(key in any::<(String, String)>(), list in ".*", fingerprint in ".*") {
            let key = json!(key);
            let cursor = page(&list, &fingerprint).cursor(&key, ring());
            prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(opened(&cursor, &list, &fingerprint, ring()), Some(key));
        }

        #[test]
        fn a_cursor_is_of_one_list_and_reach(key in any::<String>(), lists in any::<[String; 2]>(), reaches in any::<[String; 2]>()) {
            prop_assume!(lists[0] != lists[1] || reaches[0] != reaches[1]);
            let cursor = page(&lists[0], &reaches[0]).cursor(&json!(key), ring());
            prop_assert_eq!(opened(&cursor, &lists[1], &reaches[1], ring()), None);
        }

        #[test]
        fn a_changed_cursor_is_none(key in any::<String>(), place in any::<prop::sample::Index>(), other in "[A-Za-z0-9_-]") {
            let cursor = page("list", "reach").cursor(&json!(key), ring());
            let place = place.index(cursor.len());
            prop_assume!(cursor[place..=place] != other);
            let changed = format!("{}{other}{}", &cursor[..place], &cursor[place + 1..]);
            prop_assert_eq!(opened(&changed, "list", "reach", ring()), None);
        }

        #[test]
        fn pages_hold_every_row_once(rows in 0_usize..30, limit in 1_i64..8) {
            let all: Vec<usize> = (0..rows).collect();
            let (mut seen, mut request) = (Vec::new(), PageRequest::for_test(limit, None));
            loop {
                let after = request.after::<(usize, usize)>().unwrap();
                let behind = all.iter().copied().filter(|row| after.is_none_or(|(last, _)| *row > last));
                let read = behind.take(usize::try_from(request.rows()).unwrap()).collect();
                let cut = request.cut(read, None, |row| json!((row, row)));
                prop_assert!(!cut.items.is_empty() || rows == 0);
                seen.extend(cut.items);
                let Some(last) = cut.last else { break };
                request = PageRequest::for_test(limit, Some(last));
            }
            prop_assert_eq!(seen, all);
        }
    }
}
