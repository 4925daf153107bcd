//! Sealing people anew, under the newest key, behind a rotation: `cchc keys reseal`.

/// Rows of one transaction: few enough to hold SQLite's writer for a moment only.
pub const PART: i64 = 500;

/// Declares `reseal`, which seals the people of a table anew: its columns, each with the place for which it is
/// sealed in the record of an id.
///
/// ```text
/// reseal_people! {
///     /// Seals petitioners anew; answers how many.
///     citizen_feedback: CitizenFeedbackId, |id| { petitioner: place(id) }
/// }
/// ```
#[macro_export]
macro_rules! reseal_people {
    ($(#[doc = $doc:literal])+ $table:ident: $id_type:ty, |$id:ident| { $($column:ident: $place:expr),+ }) => {
        $(#[doc = $doc])+
        ///
        /// # Errors
        /// When the database is away, or a value was sealed under other keys.
        pub async fn reseal(
            db: &$crate::db::Db,
            ring: std::sync::Arc<$crate::auth::keys::KeyRing>,
            now: $crate::db::types::Instant,
        ) -> Result<usize, $crate::error::ApiError> {
            db.maintain_in_parts(move |conn, last| part(conn, ring.personal(), now, last)).await
        }

        #[derive(diesel::Queryable, diesel::Selectable)]
        #[diesel(table_name = $table)]
        struct Sealed {
            id: $id_type,
            version: i64,
            $($column: Option<String>,)+
        }

        fn part(
            conn: &mut $crate::db::DbConn,
            keys: &$crate::auth::keys::PersonalKeys,
            now: $crate::db::types::Instant,
            last: Option<$id_type>,
        ) -> Result<(Option<$id_type>, usize), $crate::error::ApiError> {
            use diesel::prelude::*;
            let mut query = $table::table.into_boxed();
            if let Some(last) = last {
                query = query.filter($table::id.gt(last));
            }
            let query = query.order($table::id).limit($crate::people::reseal::PART);
            let rows: Vec<Sealed> = query.select(Sealed::as_select()).load(conn)?;
            let end = rows.last().map(|row| row.id);
            let mut count = 0;
            for row in rows {
                let $id = row.id;
                $(let $column = match &row.$column {
                    Some(sealed) => $place.resealed(keys, now, sealed)?,
                    None => None,
                };)+
                if [$(&$column),+].into_iter().all(Option::is_none) {
                    continue;
                }
                // Whoever has written it meanwhile has sealed it too, or erased it.
                let unchanged = $table::table.find(row.id).filter($table::version.eq(row.version));
                let anew = ($($table::$column.eq($column.or(row.$column)),)+);
                count += diesel::update(unchanged).set(anew).execute(conn)?;
            }
            Ok((end, count))
        }
    };
}
