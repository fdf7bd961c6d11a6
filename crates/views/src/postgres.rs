//! Views in PostgreSQL: each generation in a schema of its own, for whoever reads them with other
//! tools or from other machines. The same statements as in SQLite.

use crate::shared::Place;
use crate::sql::{Sql, SqlError, Value};
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Row, Statement};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A connection to PostgreSQL, in one generation of views.
struct Postgres {
    client: Client,
    ready: HashMap<String, Statement>,
}

/// Statements kept ready.
const READY: usize = 256;

impl ToSql for Value {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(it) => it.to_sql(of, out),
            Self::Text(it) => it.to_sql(of, out),
        }
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::INT8 || *of == Type::TEXT
    }

    to_sql_checked!();
}

fn wrong(statement: &str) -> impl Fn(postgres::Error) -> SqlError {
    move |error| {
        let told = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        SqlError { statement: statement.to_owned(), why: told }
    }
}

impl Postgres {
    fn open(url: &str, generation: u64) -> Result<Self, SqlError> {
        let mut client = Client::connect(url, NoTls).map_err(wrong("connect"))?;
        let settings = format!(
            "SET search_path TO {}; SET synchronous_commit TO off; \
             SET client_min_messages TO warning;",
            schema(generation)
        );
        client.batch_execute(&settings).map_err(wrong(&settings))?;
        Ok(Self { client, ready: HashMap::new() })
    }

    fn ready(&mut self, statement: &str) -> Result<Statement, SqlError> {
        if let Some(it) = self.ready.get(statement) {
            return Ok(it.clone());
        }
        let made = self.client.prepare(statement).map_err(wrong(statement))?;
        if self.ready.len() >= READY {
            self.ready.clear();
        }
        self.ready.insert(statement.to_owned(), made.clone());
        Ok(made)
    }
}

fn values(all: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    all.iter().map(|it| -> &(dyn ToSql + Sync) { it }).collect()
}

fn value(row: &Row, place: usize) -> Result<Value, postgres::Error> {
    let is_number = row.columns().get(place).is_some_and(|it| *it.type_() == Type::INT8);
    if is_number {
        return row.try_get::<_, Option<i64>>(place).map(Value::from);
    }
    row.try_get::<_, Option<String>>(place).map(Value::from)
}

impl Sql for Postgres {
    fn begin(&mut self) -> Result<(), SqlError> {
        // All that a reader sees is of one moment.
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
    }

    fn run(&mut self, statements: &str) -> Result<(), SqlError> {
        // Text is ordered by its bytes, as in SQLite, whatever the language of the server.
        let statements = match statements.starts_with("CREATE TABLE") {
            true => statements.replace(" TEXT", " TEXT COLLATE \"C\""),
            false => statements.to_owned(),
        };
        self.client.batch_execute(&statements).map_err(wrong(&statements))
    }

    fn lowered(&self, text: &str) -> String {
        // Ordered by bytes, text has the small letters of English alone.
        format!("lower(({text}) COLLATE \"und-x-icu\")")
    }

    fn execute(&mut self, statement: &str, all: &[Value]) -> Result<(), SqlError> {
        let ready = self.ready(statement)?;
        self.client.execute(&ready, &values(all)).map_err(wrong(statement))?;
        Ok(())
    }

    fn rows(&mut self, query: &str, all: &[Value]) -> Result<Vec<Vec<Value>>, SqlError> {
        let ready = self.ready(query)?;
        let found = self.client.query(&ready, &values(all)).map_err(wrong(query))?;
        let row = |row: &Row| (0..row.len()).map(|place| value(row, place)).collect();
        let rows: Result<Vec<Vec<Value>>, postgres::Error> = found.iter().map(row).collect();
        rows.map_err(wrong(query))
    }
}

/// Generations of views as schemas of a database.
pub struct Schemas {
    url: String,
    /// The connection that holds the right to write.
    writes: Mutex<Option<Client>>,
}

/// What whoever writes views holds in their database: "karvan".
const WRITES: i64 = 0x6b61_7276_616e;
/// A server that ends may hold it a moment longer.
const ENDS: Duration = Duration::from_secs(5);

const BEGINS: &str = "karvan_views_";

fn schema(generation: u64) -> String {
    format!("{BEGINS}{generation}")
}

impl Schemas {
    /// In the database of an address, such as `postgres://user@host/database`. It is reached
    /// without TLS: by a socket, on this machine, or over a network of one's own.
    pub fn of(url: &str) -> Self {
        Self { url: url.to_owned(), writes: Mutex::default() }
    }

    /// One server writes the views of a database.
    fn alone(&self) -> Result<(), SqlError> {
        let mut holder = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        // A connection that broke lost the right, and learns of it when it is used.
        if holder.as_mut().is_some_and(|it| it.is_valid(ENDS).is_ok()) {
            return Ok(());
        }
        let query = "SELECT pg_try_advisory_lock($1)";
        let mut client = self.client()?;
        let began = Instant::now();
        loop {
            let row = client.query_one(query, &[&WRITES]).map_err(wrong(query))?;
            if row.try_get(0).map_err(wrong(query))? {
                *holder = Some(client);
                return Ok(());
            }
            if began.elapsed() > ENDS {
                let why = "another server writes the views of this database; give each its own";
                return Err(SqlError { statement: query.to_owned(), why: why.to_owned() });
            }
            std::thread::sleep(ENDS / 50);
        }
    }

    fn client(&self) -> Result<Client, SqlError> {
        Client::connect(&self.url, NoTls).map_err(wrong("connect"))
    }
}

impl Place for Schemas {
    fn generations(&self) -> Result<Vec<u64>, SqlError> {
        self.alone()?;
        let query = "SELECT nspname::text FROM pg_namespace";
        let found = self.client()?.query(query, &[]).map_err(wrong(query))?;
        let number = |row: &Row| {
            let name: String = row.try_get(0).ok()?;
            name.strip_prefix(BEGINS)?.parse().ok()
        };
        Ok(found.iter().filter_map(number).collect())
    }

    fn write(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError> {
        let make = format!("CREATE SCHEMA IF NOT EXISTS {}", schema(generation));
        self.client()?.batch_execute(&make).map_err(wrong(&make))?;
        Ok(Box::new(Postgres::open(&self.url, generation)?))
    }

    fn read(&self, generation: u64) -> Result<Box<dyn Sql>, SqlError> {
        Ok(Box::new(Postgres::open(&self.url, generation)?))
    }

    fn remove(&self, generation: u64) -> Result<(), SqlError> {
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", schema(generation));
        self.client()?.batch_execute(&drop).map_err(wrong(&drop))
    }
}
