//! Views in SQLite: one file beside the journal, or in memory for tests.

use crate::shared::Place;
use crate::sql::{Sql, SqlError, Value};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params_from_iter};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A connection to SQLite.
pub struct Sqlite(Connection);

/// Statements kept ready.
const READY: usize = 256;

impl Sqlite {
    /// Opens a file for reading and writing; it is made if it is missing.
    ///
    /// It is not synced: what a crash takes is made again from the journal.
    pub fn open(file: &Path) -> Result<Self, SqlError> {
        let it = Self::new(Connection::open(file), file)?;
        Ok(it)
    }

    /// One in memory, for rows that are asked once.
    pub fn in_memory() -> Result<Self, SqlError> {
        Self::new(Connection::open_in_memory(), Path::new(":memory:"))
    }

    /// Opens a file for reading.
    pub fn open_to_read(file: &Path) -> Result<Self, SqlError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::new(Connection::open_with_flags(file, flags), file)
    }

    fn new(opened: rusqlite::Result<Connection>, file: &Path) -> Result<Self, SqlError> {
        let wrong = |error: rusqlite::Error| SqlError {
            statement: format!("open {}", file.display()),
            why: error.to_string(),
        };
        let connection = opened.map_err(wrong)?;
        connection.set_prepared_statement_cache_capacity(READY);
        let settings = "PRAGMA journal_mode = wal; PRAGMA synchronous = off; \
                        PRAGMA temp_store = memory; PRAGMA busy_timeout = 5000;";
        connection.execute_batch(settings).map_err(wrong)?;
        connection.create_scalar_function("lower", 1, LOWER, |it| lower(it)).map_err(wrong)?;
        Ok(Self(connection))
    }
}

/// Its own `lower` knows the letters of English alone.
fn lower(asked: &Context<'_>) -> rusqlite::Result<Option<String>> {
    Ok(asked.get::<Option<String>>(0)?.map(|it| it.to_lowercase()))
}

/// The same text gives the same answer.
const LOWER: FunctionFlags = FunctionFlags::SQLITE_UTF8
    .union(FunctionFlags::SQLITE_DETERMINISTIC)
    .union(FunctionFlags::SQLITE_INNOCUOUS);

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(it) => ValueRef::Integer(*it),
            Self::Text(it) => ValueRef::Text(it.as_bytes()),
        }))
    }
}

fn wrong(statement: &str) -> impl Fn(rusqlite::Error) -> SqlError {
    move |error| SqlError { statement: statement.to_owned(), why: error.to_string() }
}

/// SQLite numbers values with a question mark.
fn numbered(statement: &str) -> String {
    statement.replace('$', "?")
}

impl Sql for Sqlite {
    fn run(&mut self, statements: &str) -> Result<(), SqlError> {
        self.0.execute_batch(statements).map_err(wrong(statements))
    }

    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<(), SqlError> {
        let wrong = wrong(statement);
        let mut ready = self.0.prepare_cached(&numbered(statement)).map_err(&wrong)?;
        ready.execute(params_from_iter(values)).map_err(wrong)?;
        Ok(())
    }

    fn rows(&mut self, query: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, SqlError> {
        let wrong = wrong(query);
        let mut ready = self.0.prepare_cached(&numbered(query)).map_err(&wrong)?;
        let width = ready.column_count();
        let mut found = ready.query(params_from_iter(values)).map_err(&wrong)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(&wrong)? {
            let value = |column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Integer(it) => Value::Int(it),
                    ValueRef::Text(it) => Value::Text(String::from_utf8_lossy(it).into_owned()),
                    ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
                })
            };
            let values: rusqlite::Result<Vec<Value>> = (0..width).map(value).collect();
            rows.push(values.map_err(&wrong)?);
        }
        Ok(rows)
    }
}

/// Generations of views as files of a folder.
pub struct Files {
    folder: PathBuf,
}

/// How a file of SQLite begins (its file format, section 1.2).
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

const BEGINS: &str = "views-";
const ENDS: &str = ".db";

impl Files {
    /// In a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn file(&self, generation: u64) -> PathBuf {
        self.folder.join(format!("{BEGINS}{generation}{ENDS}"))
    }

    fn wrong(&self, error: &std::io::Error) -> SqlError {
        SqlError { statement: self.folder.display().to_string(), why: error.to_string() }
    }
}

impl Place for Files {
    fn generations(&self) -> Result<Vec<u64>, SqlError> {
        let entries = std::fs::read_dir(&self.folder).map_err(|error| self.wrong(&error))?;
        let number = |name: String| name.strip_prefix(BEGINS)?.strip_suffix(ENDS)?.parse().ok();
        let names = entries.filter_map(Result::ok);
        Ok(names.filter_map(|it| number(it.file_name().into_string().ok()?)).collect())
    }

    fn write(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError> {
        let file = self.file(generation);
        let mut head = [0; SQLITE.len()];
        let begins = std::fs::File::open(&file).and_then(|mut it| it.read_exact(&mut head));
        // A file that is none of SQLite's goes: all it held is made again from the journal.
        if begins.is_ok() && head != *SQLITE {
            self.remove(generation)?;
        }
        Ok(Box::new(Sqlite::open(&file)?))
    }

    fn read(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError> {
        Ok(Box::new(Sqlite::open_to_read(&self.file(generation))?))
    }

    fn remove(&self, generation: u64) -> Result<(), SqlError> {
        let name = self.file(generation).display().to_string();
        for end in ["", "-wal", "-shm"] {
            match std::fs::remove_file(format!("{name}{end}")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(self.wrong(&error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}
