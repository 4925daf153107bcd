//! How other records name a procedure: by id or by code, as many as they are together.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::ProcedureId;
use super::rules::code_fault;
use super::store::code_forms;
use kernel::db::DbConn;
use kernel::db::schema::procedures;
use kernel::error::{ApiError, Bilingual, Fault};
use kernel::load_held;

/// What a statement of either database may bind with room to spare.
const PART: usize = 5_000;

/// The procedures of the catalogue in whose column one of these values stands.
macro_rules! standing {
    ($column:ident, $values:expr) => {
        procedures::table
            .filter(procedures::deleted_at.is_null().and(procedures::$column.eq_any($values.to_vec())))
            .order_by(procedures::code)
            .select((procedures::id, procedures::code))
    };
}

/// The procedures that some records name.
#[derive(Debug, Default)]
pub struct ProceduresNamed {
    codes: HashMap<ProcedureId, String>,
    ids: HashMap<String, ProcedureId>,
}

/// A member by which a record names a procedure.
#[derive(Debug, Clone, Copy)]
pub struct NamedBy<'a> {
    /// By its id, where it does.
    pub id: Option<ProcedureId>,
    /// By its code, where it does.
    pub code: Option<&'a str>,
    /// The member with the id, as a JSON pointer; that with the code ends in `code`.
    pub pointer: &'a str,
}

impl NamedBy<'_> {
    fn code_pointer(&self) -> String {
        format!("{}code", self.pointer.trim_end_matches("id"))
    }

    fn exactly_one(&self) -> Fault {
        let message = Bilingual::new(
            "Nêu thủ tục bằng mã TTHC hoặc mã bản ghi.",
            "Name the procedure by its code or its id.",
        );
        Fault::new(self.code_pointer(), "exactly_one", message)
    }
}

impl FromIterator<(ProcedureId, String)> for ProceduresNamed {
    fn from_iter<I: IntoIterator<Item = (ProcedureId, String)>>(procedures: I) -> Self {
        let mut named = Self::default();
        for (id, code) in procedures {
            named.ids.insert(code.clone(), id);
            named.codes.insert(id, code);
        }
        named
    }
}

impl ProceduresNamed {
    /// Those of these ids and codes that are in the catalogue.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(
        conn: &mut DbConn,
        ids: HashSet<ProcedureId>,
        codes: HashSet<&str>,
    ) -> Result<Self, ApiError> {
        Self::found(
            (ids, codes),
            conn,
            |conn, part| standing!(id, part).load(conn),
            |conn, part| standing!(code, part).load(conn),
        )
    }

    /// The same, and they stay until the transaction ends, for records that are written.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load_held(
        conn: &mut DbConn,
        ids: HashSet<ProcedureId>,
        codes: HashSet<&str>,
    ) -> Result<Self, ApiError> {
        Self::found(
            (ids, codes),
            conn,
            |conn, part| load_held!(conn, standing!(id, part)),
            |conn, part| load_held!(conn, standing!(code, part)),
        )
    }

    fn found(
        (ids, codes): (HashSet<ProcedureId>, HashSet<&str>),
        conn: &mut DbConn,
        by_id: impl Fn(&mut DbConn, &[ProcedureId]) -> QueryResult<Vec<(ProcedureId, String)>>,
        by_code: impl Fn(&mut DbConn, &[String]) -> QueryResult<Vec<(ProcedureId, String)>>,
    ) -> Result<Self, ApiError> {
        let ids: Vec<_> = ids.into_iter().collect();
        let mut rows: Vec<(ProcedureId, String)> = Vec::new();
        for part in ids.chunks(PART) {
            rows.append(&mut by_id(conn, part)?);
        }
        for part in Self::forms(codes).chunks(PART) {
            rows.append(&mut by_code(conn, part)?);
        }
        Ok(rows.into_iter().collect())
    }

    /// What the catalogue may hold these codes as.
    pub(crate) fn forms(codes: HashSet<&str>) -> Vec<String> {
        let forms: HashSet<String> = codes.into_iter().flat_map(code_forms).collect();
        forms.into_iter().collect()
    }

    /// The code of a procedure.
    #[must_use]
    pub fn code(&self, id: ProcedureId) -> Option<&str> {
        self.codes.get(&id).map(String::as_str)
    }

    /// The procedure of a code; of one with an agency behind it, where that is not in the catalogue, the
    /// national one.
    #[must_use]
    pub fn id(&self, code: &str) -> Option<ProcedureId> {
        code_forms(code).iter().find_map(|form| self.ids.get(form)).copied()
    }

    /// The procedure that is named; what is said twice must agree.
    ///
    /// # Errors
    /// The fault: it is not named, or the catalogue has none of this name.
    pub fn resolve(&self, named: NamedBy<'_>) -> Result<ProcedureId, Fault> {
        let unknown = |pointer: String| {
            let message = Bilingual::new(
                "Không có thủ tục này trong danh mục.",
                "The catalogue does not have this procedure.",
            );
            Fault::new(pointer, "unknown_procedure", message)
        };
        match (named.id, named.code) {
            (None, None) => Err(named.exactly_one()),
            (Some(id), code)
                if !self.codes.contains_key(&id) || code.is_some_and(|it| self.id(it) != Some(id)) =>
            {
                Err(unknown(named.pointer.to_owned()))
            }
            (Some(id), _) => Ok(id),
            (None, Some(code)) => self.id(code).ok_or_else(|| unknown(named.code_pointer())),
        }
    }

    /// The code of a procedure that need not be in the catalogue: as it is given, or that of the id.
    ///
    /// # Errors
    /// The fault: it is not named, the code is none, or the id names nothing or another procedure.
    pub fn resolve_code(&self, named: NamedBy<'_>) -> Result<String, Fault> {
        if let Some(code) = named.code
            && let Some(fault) = code_fault(named.code_pointer(), code)
        {
            return Err(fault);
        }
        match (named.id, named.code) {
            (None, Some(code)) => Ok(code.to_owned()),
            _ => {
                let id = self.resolve(named)?;
                let code = named.code.or_else(|| self.code(id));
                code.map(str::to_owned).ok_or_else(|| named.exactly_one())
            }
        }
    }
}
