//! What projections and queries ask of a database: statements in the SQL that SQLite and PostgreSQL
//! share, with `$1`, `$2` … for values, and nothing else.

use std::fmt;

/// A value in a table: whole numbers, text, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number: tonnes, hundredths of a currency, milliseconds, ids.
    Int(i64),
    /// Text.
    Text(String),
}

impl Value {
    /// The number it is, if it is one.
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(it) => Some(*it),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// The text it is, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(it) => Some(it),
            Self::Null | Self::Int(_) => None,
        }
    }
}

impl From<i64> for Value {
    fn from(it: i64) -> Self {
        Self::Int(it)
    }
}

impl From<u64> for Value {
    fn from(it: u64) -> Self {
        Self::Int(i64::try_from(it).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(it: u32) -> Self {
        Self::Int(it.into())
    }
}

impl From<u16> for Value {
    fn from(it: u16) -> Self {
        Self::Int(it.into())
    }
}

impl From<usize> for Value {
    fn from(it: usize) -> Self {
        Self::Int(i64::try_from(it).unwrap_or(i64::MAX))
    }
}

impl From<String> for Value {
    fn from(it: String) -> Self {
        Self::Text(it)
    }
}

impl From<&str> for Value {
    fn from(it: &str) -> Self {
        Self::Text(it.to_owned())
    }
}

impl From<karvan_core::quantity::Tonnes> for Value {
    fn from(it: karvan_core::quantity::Tonnes) -> Self {
        it.0.into()
    }
}

impl From<karvan_core::quantity::Price> for Value {
    fn from(it: karvan_core::quantity::Price) -> Self {
        Self::Int(it.0)
    }
}

impl From<karvan_core::quantity::Money> for Value {
    fn from(it: karvan_core::quantity::Money) -> Self {
        Self::Int(it.0)
    }
}

impl From<karvan_core::time::Instant> for Value {
    fn from(it: karvan_core::time::Instant) -> Self {
        Self::Int(it.0)
    }
}

impl From<karvan_core::time::Year> for Value {
    fn from(it: karvan_core::time::Year) -> Self {
        it.0.into()
    }
}

impl From<karvan_core::id::Label> for Value {
    fn from(it: karvan_core::id::Label) -> Self {
        it.as_str().into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(it: Option<T>) -> Self {
        it.map_or(Self::Null, Into::into)
    }
}

/// The database cannot do what it is asked.
#[derive(Debug)]
pub struct SqlError {
    /// What it was asked.
    pub statement: String,
    /// What it said.
    pub why: String,
}

impl fmt::Display for SqlError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the views cannot be read or written: {} ({})", self.why, self.statement)
    }
}

impl std::error::Error for SqlError {}

/// One connection to a database.
pub trait Sql: Send {
    /// Begins to read or write: all of it, or nothing, and as of one moment.
    fn begin(&mut self) -> Result<(), SqlError> {
        self.run("BEGIN")
    }

    /// An expression that gives a text in small letters, of any script.
    fn lowered(&self, text: &str) -> String {
        format!("lower({text})")
    }

    /// Runs statements without values, separated by semicolons.
    fn run(&mut self, statements: &str) -> Result<(), SqlError>;

    /// Runs one statement with values.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<(), SqlError>;

    /// Reads the rows of a query.
    fn rows(&mut self, query: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, SqlError>;
}
