//! The store of results: an SQLite database in a results folder.
//!
//! Every result is there before it is reported. The database is in WAL mode and synced at
//! each commit, so neither siglab's death nor the machine's loses one; whatever was being
//! written at that moment is as if it had not been begun.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Params, params};
use siglab_lab::{GradeResult, Status};

use crate::error::ClassError;
use crate::intake::roster::Student;

/// The name of the store in a results folder.
pub(crate) const STORE: &str = "siglab.db";

/// Marks a database as siglab's: `PRAGMA application_id`.
const APPLICATION: i32 = 0x7369_676c;
/// The version of the tables: `PRAGMA user_version`.
const VERSION: i32 = 1;

/// `graded_at` is the one time stamp, in UTC; nothing is computed from it.
const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE outcome (
    key TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    result TEXT NOT NULL,
    graded_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE submission (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL REFERENCES outcome (key),
    who TEXT NOT NULL,
    student_id TEXT,
    student_name TEXT,
    late INTEGER NOT NULL
);
CREATE TABLE roster (id TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE baseline (name TEXT PRIMARY KEY, source TEXT NOT NULL, result TEXT NOT NULL);
";

/// One submission that has a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The hash of its content.
    pub source: String,
    /// The key of its result.
    pub key: String,
    /// Who handed it in, in the platform's words.
    pub who: String,
    /// The student, if a roster knows who that is.
    pub student: Option<Student>,
    /// Whether the platform says that it came late.
    pub late: bool,
}

/// Results, kept so that they survive.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the store at `path`; makes it if it isn't there and `create` says so.
    ///
    /// # Errors
    /// If it can't be opened, is damaged, or is another program's database.
    pub fn open(path: &Path, create: bool) -> Result<Self, ClassError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        // SQLite would wait for a FIFO's other end.
        for beside in ["", "-wal", "-shm", "-journal"] {
            let mut file = path.as_os_str().to_owned();
            file.push(beside);
            if std::fs::metadata(&file).is_ok_and(|it| !it.is_file()) {
                return Err(ClassError::Corrupt {
                    path: file.into(),
                    why: "it is not a regular file".into(),
                });
            }
        }
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| failure(path, error))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
        };
        store.prepare().map_err(|error| store.failure(error))?;
        store.check()?;
        Ok(store)
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        let connection = &mut self.connection;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let is_new = version == 0 && {
            let tables = "SELECT count(*) FROM sqlite_schema";
            connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0
        };
        if is_new {
            let transaction = connection.transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ClassError> {
        let corrupt = |why: String| ClassError::Corrupt {
            path: self.path.clone(),
            why,
        };
        let number = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        let application: i32 = number("application_id").map_err(|error| self.failure(error))?;
        let version: i32 = number("user_version").map_err(|error| self.failure(error))?;
        if application != APPLICATION {
            return Err(corrupt("it is not a store of siglab's".into()));
        }
        // What a view or a trigger does when a table is used may take for ever.
        let others = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') \
                      OR sql LIKE 'CREATE VIRTUAL%'";
        let count = |sql: &str| -> Result<i64, ClassError> {
            let count = self.connection.query_row(sql, [], |row| row.get(0));
            count.map_err(|error| self.failure(error))
        };
        if count(others)? != 0 {
            return Err(corrupt(
                "it has views or triggers, which siglab doesn't make".into(),
            ));
        }
        if version != VERSION {
            return Err(corrupt(format!(
                "it has version {version}, and this siglab writes version {VERSION}"
            )));
        }
        let verdict: String = self
            .connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|error| self.failure(error))?;
        if verdict != "ok" {
            let first = verdict.lines().next().unwrap_or_default();
            return Err(corrupt(first.to_owned()));
        }
        // They become names of files.
        let names = "SELECT count(*) FROM submission \
                     WHERE name = '' OR instr(name, '/') OR instr(name, char(0))";
        if count(names)? != 0 {
            return Err(corrupt(
                "it has a submission whose name can't be a file's".into(),
            ));
        }
        Ok(())
    }

    fn failure(&self, error: rusqlite::Error) -> ClassError {
        failure(&self.path, error)
    }

    fn execute(&self, sql: &str, params: impl Params) -> Result<usize, ClassError> {
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| self.failure(error))?;
        statement
            .execute(params)
            .map_err(|error| self.failure(error))
    }

    /// Does all of `work`, or nothing.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ClassError>,
    ) -> Result<T, ClassError> {
        let transaction = self
            .connection
            .unchecked_transaction()
            .map_err(|error| self.failure(error))?;
        let done = work(self)?;
        transaction.commit().map_err(|error| self.failure(error))?;
        Ok(done)
    }

    /// What is noted under `key`.
    ///
    /// # Errors
    /// If the store can't be read.
    pub fn note(&self, key: &str) -> Result<Option<String>, ClassError> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        self.connection
            .query_row(sql, [key], |row| row.get(0))
            .optional()
            .map_err(|error| self.failure(error))
    }

    pub(crate) fn set_note(&self, key: &str, value: Option<&str>) -> Result<(), ClassError> {
        match value {
            Some(value) => self.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
                [key, value],
            )?,
            None => self.execute("DELETE FROM meta WHERE key = ?1", [key])?,
        };
        Ok(())
    }

    /// The status of the result with this key, if there is one.
    pub(crate) fn status(&self, key: &str) -> Result<Option<Status>, ClassError> {
        let sql = "SELECT status FROM outcome WHERE key = ?1";
        let status: Option<String> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| self.failure(error))?;
        status.map(|it| self.parse(&format!("{it:?}"))).transpose()
    }

    /// The result with this key, if there is one.
    pub(crate) fn result(&self, key: &str) -> Result<Option<GradeResult>, ClassError> {
        let sql = "SELECT result FROM outcome WHERE key = ?1";
        let text: Option<String> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| self.failure(error))?;
        text.map(|it| self.parse(&it)).transpose()
    }

    /// Keeps a result; one that could not be graded makes place for a better one.
    pub(crate) fn keep(&self, key: &str, result: &GradeResult) -> Result<(), ClassError> {
        let status = json(&result.status)?;
        self.execute(
            "INSERT OR REPLACE INTO outcome (key, status, result) VALUES (?1, ?2, ?3)",
            params![key, status.trim_matches('"'), json(result)?],
        )?;
        Ok(())
    }

    /// Says whose result that is.
    pub(crate) fn assign(&self, row: &Row) -> Result<(), ClassError> {
        let student = row.student.as_ref();
        self.execute(
            "INSERT OR REPLACE INTO submission \
             (name, source, key, who, student_id, student_name, late) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                row.name,
                row.source,
                row.key,
                row.who,
                student.map(|it| &it.id),
                student.map(|it| &it.name),
                row.late,
            ],
        )?;
        Ok(())
    }

    /// Forgets whose result that is; the result itself stays.
    pub(crate) fn withdraw(&self, name: &str) -> Result<(), ClassError> {
        self.execute("DELETE FROM submission WHERE name = ?1", [name])?;
        Ok(())
    }

    /// The submission with this name.
    pub(crate) fn row(&self, name: &str) -> Result<Option<Row>, ClassError> {
        let sql = "SELECT name, source, key, who, student_id, student_name, late \
                   FROM submission WHERE name = ?1";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([name], row).optional())
            .map_err(|error| self.failure(error))
    }

    /// The names of all submissions that have a result, in order.
    ///
    /// # Errors
    /// If the store can't be read.
    pub fn names(&self) -> Result<Vec<String>, ClassError> {
        let names = || -> rusqlite::Result<Vec<String>> {
            let sql = "SELECT name FROM submission ORDER BY name";
            let mut statement = self.connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        };
        names().map_err(|error| self.failure(error))
    }

    /// Shows every submission with its result to `reader`, in the order of their names,
    /// one at a time.
    ///
    /// # Errors
    /// If the store can't be read; what `reader` returns.
    pub fn read(
        &self,
        mut reader: impl FnMut(&Row, &GradeResult) -> Result<(), ClassError>,
    ) -> Result<(), ClassError> {
        let sql = "SELECT name, source, key, who, student_id, student_name, late, result \
                   FROM submission JOIN outcome USING (key) ORDER BY name";
        let failure = |error| self.failure(error);
        let mut statement = self.connection.prepare(sql).map_err(failure)?;
        let mut rows = statement.query([]).map_err(failure)?;
        while let Some(found) = rows.next().map_err(failure)? {
            let text: String = found.get(7).map_err(failure)?;
            reader(&row(found).map_err(failure)?, &self.parse(&text)?)?;
        }
        Ok(())
    }

    /// The roster that was given.
    pub(crate) fn roster(&self) -> Result<Vec<Student>, ClassError> {
        let students = || -> rusqlite::Result<Vec<Student>> {
            let sql = "SELECT id, name FROM roster ORDER BY rowid";
            let mut statement = self.connection.prepare(sql)?;
            let students = statement.query_map([], |row| {
                Ok(Student {
                    id: row.get(0)?,
                    name: row.get(1)?,
                })
            })?;
            students.collect()
        };
        students().map_err(|error| self.failure(error))
    }

    pub(crate) fn set_roster(&self, students: &[Student]) -> Result<(), ClassError> {
        self.execute("DELETE FROM roster", [])?;
        for student in students {
            let sql = "INSERT INTO roster (id, name) VALUES (?1, ?2)";
            self.execute(sql, [&student.id, &student.name])?;
        }
        Ok(())
    }

    /// Remembers all results as they are, for a comparison.
    pub(crate) fn set_baseline(&self) -> Result<(), ClassError> {
        self.execute("DELETE FROM baseline", [])?;
        self.execute(
            "INSERT INTO baseline (name, source, result) \
             SELECT name, source, result FROM submission JOIN outcome USING (key) ORDER BY name",
            [],
        )?;
        Ok(())
    }

    /// The hash of the content and the result that a submission had.
    pub(crate) fn baseline(&self, name: &str) -> Result<Option<(String, GradeResult)>, ClassError> {
        let sql = "SELECT source, result FROM baseline WHERE name = ?1";
        let found: Option<(String, String)> = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let query = statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?)));
                query.optional()
            })
            .map_err(|error| self.failure(error))?;
        found
            .map(|(source, result)| Ok((source, self.parse(&result)?)))
            .transpose()
    }

    /// The names of all submissions that had a result, in order.
    pub(crate) fn baseline_names(&self) -> Result<Vec<String>, ClassError> {
        let names = || -> rusqlite::Result<Vec<String>> {
            let sql = "SELECT name FROM baseline ORDER BY name";
            let mut statement = self.connection.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            names.collect()
        };
        names().map_err(|error| self.failure(error))
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, text: &str) -> Result<T, ClassError> {
        serde_json::from_str(text).map_err(|error| ClassError::Corrupt {
            path: self.path.clone(),
            why: format!("a result in it can't be read: {error}"),
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, ClassError> {
    serde_json::to_string(value).map_err(|error| ClassError::Internal(error.to_string()))
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let id: Option<String> = row.get(4)?;
    let name: Option<String> = row.get(5)?;
    Ok(Row {
        name: row.get(0)?,
        source: row.get(1)?,
        key: row.get(2)?,
        who: row.get(3)?,
        student: id.zip(name).map(|(id, name)| Student { id, name }),
        late: row.get(6)?,
    })
}

fn failure(path: &Path, error: rusqlite::Error) -> ClassError {
    let path = path.to_owned();
    let why = match &error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        error => error.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            ClassError::Corrupt { path, why }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ClassError::Busy {
            out: path.parent().unwrap_or(&path).to_owned(),
        },
        // The tables aren't those that were written.
        Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            ClassError::Corrupt { path, why }
        }
        _ => ClassError::Store { path, why },
    }
}
