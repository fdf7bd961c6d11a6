//! The projector: a follower that writes what facts mean into the tables of [`crate::lists`].
//!
//! It decides nothing and is never asked in order to decide. Everything of one piece of the journal
//! is one transaction, and the position stands in the same database: whoever reads sees a state of
//! the market as it was after a record, and its number.

use crate::facts;
use crate::list::List;
use crate::lists::{self, evidence, history, market, registry};
use crate::market_data::Venue;
use crate::sql::{Sql, SqlError, Value};
use crate::touching::{About, Touched, Touching, undone};
use karvan_core::account::number_of;

use karvan_core::id::{AccountId, AuctionId, CouplingId, JurisdictionId};
use karvan_core::ledger::Serials;
use karvan_core::ledger::posting::Posting;
use karvan_core::publication::{YEARS_LATER, public_from};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{DAY_MS, Instant, Year};
use karvan_core::{Event, RecordHeader, State};
use karvan_engine::frame;
use karvan_engine::tail::Piece;
use karvan_engine::writer::Stopped;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// What the data says of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plant {
    /// Its name.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// Its fuel or process.
    pub fuel: String,
    /// Its capacity with the unit.
    pub capacity: String,
    /// Degrees north, in millionths.
    pub latitude: Option<i64>,
    /// Degrees east, in millionths.
    pub longitude: Option<i64>,
    /// measured, derived, assumed or synthetic.
    pub provenance: String,
    /// Where the data comes from.
    pub source: String,
}

/// What the data says of installations, by their row. The journal holds the row alone.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(pub BTreeMap<String, Plant>);

impl Catalogue {
    /// An installation.
    pub fn of(&self, label: &str) -> Option<&Plant> {
        self.0.get(label)
    }
}

/// The projector cannot go on.
#[derive(Debug)]
pub enum ProjectionStopped {
    /// The database failed.
    Sql(SqlError),
    /// The journal cannot be read.
    Journal(Stopped),
}

impl From<SqlError> for ProjectionStopped {
    fn from(it: SqlError) -> Self {
        Self::Sql(it)
    }
}

impl From<Stopped> for ProjectionStopped {
    fn from(it: Stopped) -> Self {
        Self::Journal(it)
    }
}

impl fmt::Display for ProjectionStopped {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(it) => it.fmt(to),
            Self::Journal(it) => it.fmt(to),
        }
    }
}

impl std::error::Error for ProjectionStopped {}

/// Fields of public facts that name persons, or are not public.
const PRIVATE: [&str; 7] = ["person", "persons", "detail", "hold", "single", "cash", "differences"];

/// What is not public, wherever it stands.
fn without_private(value: &mut serde_json::Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !PRIVATE.contains(&name.as_str()));
        fields.values_mut().for_each(without_private);
    }
    if let Some(all) = value.as_array_mut() {
        all.iter_mut().for_each(without_private);
    }
}

/// The public fields of a fact, by name.
pub fn public_fields(event: &Event) -> serde_json::Value {
    let mut fact = facts::json(event);
    without_private(&mut fact);
    fact
}

/// Statements of all lists, made once.
struct Statements(BTreeMap<&'static str, String>);

impl Statements {
    fn upsert(&self, list: &'static List) -> &str {
        self.0.get(list.name).map_or("", String::as_str)
    }
}

/// The projector.
pub struct Projector {
    state: State,
    sql: Box<dyn Sql>,
    known: Arc<Catalogue>,
    touched: BTreeSet<Touched>,
    statements: Statements,
    /// Days of markets that trades of this piece moved.
    days: BTreeMap<(Traded, i64), Day>,
}

/// A market as its rows name it: the jurisdiction's code, the year, the product.
type Traded = (String, Year, String);

/// A day of a market, as it stands.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    open: Option<i64>,
    high: Option<i64>,
    low: Option<i64>,
    close: Option<i64>,
    volume: i64,
    value: i64,
    trades: i64,
}

impl Day {
    /// With one more trade; block trades move volumes, not prices.
    fn with(self, venue: Venue, price: Price, quantity: Tonnes) -> Self {
        let moves = match venue {
            Venue::BlockTrade => None,
            Venue::Session | Venue::Call => Some(price.0),
        };
        let value = price.times(quantity).map_or(i64::MAX, |it| it.0);
        let more = |is: i64, by: i64| is.saturating_add(by);
        Self {
            open: self.open.or(moves),
            high: self.high.max(moves),
            low: moves.map_or(self.low, |it| Some(self.low.map_or(it, |low| low.min(it)))),
            close: moves.or(self.close),
            volume: more(self.volume, i64::try_from(quantity.0).unwrap_or(i64::MAX)),
            value: more(self.value, value),
            trades: more(self.trades, 1),
        }
    }
}

/// The tables that are not lists, and the indexes that queries need.
const TABLES: &str = "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT);";

/// Trades that are public later than they were made: few among many.
const LATER: &str = "CREATE INDEX trades_later ON trades (public_from) WHERE public_from > \"at\"";

/// The version of the tables: what is said of the lists, and of their rows.
pub fn schema() -> String {
    /// Goes up when rows come to mean something else.
    const MEANING: u32 = 4;
    let tables: Vec<String> = lists::ALL.iter().map(|it| it.create()).collect();
    format!("{MEANING} {}", tables.join(" "))
}

/// Where the views stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The last record they hold.
    pub position: u64,
    /// The market's time after it.
    pub now: Instant,
}

/// Where the views of a database stand; none where there are none, or of another version.
pub fn shown(sql: &mut dyn Sql) -> Result<Option<Shown>, SqlError> {
    let rows = sql.rows("SELECT name, value FROM meta", &[])?;
    let value = |wanted: &str| {
        let row = rows.iter().find(|row| row.first().and_then(Value::text) == Some(wanted));
        row.and_then(|row| row.get(1)).and_then(Value::text)
    };
    if value("schema") != Some(&schema()) {
        return Ok(None);
    }
    let position = value("position").and_then(|it| it.parse().ok());
    let now = value("now").and_then(|it| it.parse().ok());
    Ok(position.zip(now).map(|(position, now)| Shown { position, now: Instant(now) }))
}

impl Projector {
    /// Makes the tables in an empty database.
    pub fn create(mut sql: Box<dyn Sql>, known: Arc<Catalogue>) -> Result<Self, SqlError> {
        sql.run(TABLES)?;
        for list in lists::ALL {
            sql.run(&list.create())?;
        }
        sql.run(LATER)?;
        let meta = "INSERT INTO meta (name, value) VALUES ($1, $2)";
        for (name, value) in [("schema", schema()), ("position", "0".into()), ("now", "0".into())] {
            sql.execute(meta, &[name.into(), value.into()])?;
        }
        Ok(Self::open(sql, known, State::default()))
    }

    /// Goes on in a database whose views stand where `state` does.
    pub fn open(sql: Box<dyn Sql>, known: Arc<Catalogue>, state: State) -> Self {
        let statements = lists::ALL.iter().map(|it| (it.name, it.upsert())).collect();
        let statements = Statements(statements);
        let (touched, days) = (BTreeSet::new(), BTreeMap::new());
        Self { state, sql, known, touched, statements, days }
    }

    /// Where it stands.
    pub fn shown(&self) -> Shown {
        Shown { position: self.state.position, now: self.state.now }
    }

    /// The state after the last record it took.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes whole frames in, as one transaction; frames it has are passed over.
    pub fn take(&mut self, frames: &[u8]) -> Result<Shown, ProjectionStopped> {
        self.take_on(frames, &mut |_| Ok(None))
    }

    /// The same, with what follows: `more` gives it from a position on, while there is any.
    pub fn take_on(
        &mut self,
        frames: &[u8],
        more: &mut dyn FnMut(u64) -> Result<Option<Piece>, Stopped>,
    ) -> Result<Shown, ProjectionStopped> {
        self.sql.begin()?;
        let before = self.state.now;
        self.facts(frames)?;
        while let Some(piece) = more(self.state.next_position())? {
            self.facts(piece.as_ref())?;
        }
        self.published(before)?;
        self.write_days()?;
        self.write_touched()?;
        let set = "UPDATE meta SET value = $2 WHERE name = $1";
        let shown = self.shown();
        self.sql.execute(set, &["position".into(), shown.position.to_string().into()])?;
        self.sql.execute(set, &["now".into(), shown.now.0.to_string().into()])?;
        self.sql.run("COMMIT")?;
        Ok(shown)
    }

    fn facts(&mut self, frames: &[u8]) -> Result<(), ProjectionStopped> {
        for frame in frame::frames(frames) {
            let position = self.state.next_position();
            let unreadable = |what| Stopped::Unreadable { position, what };
            let frame = frame.map_err(unreadable)?;
            let record = frame.header.record;
            if record.position < position {
                continue;
            }
            if record.position > position {
                let found = record.position;
                return Err(unreadable(frame::Unreadable::OutOfOrder { found }).into());
            }
            let events = frame.events().map_err(unreadable)?;
            for (part, event) in (0u32..).zip(&events) {
                self.fact(&record, part, event)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, list: &'static List, row: &[Value]) -> Result<(), SqlError> {
        debug_assert_eq!(row.len(), list.columns.len() + usize::from(list.delayed));
        self.sql.execute(self.statements.upsert(list), row)
    }

    fn fact(&mut self, record: &RecordHeader, part: u32, event: &Event) -> Result<(), SqlError> {
        // Rows of what happened may need what was before: the order that met, the call as it was.
        self.trade(record, part, event)?;
        self.end_of_date(event)?;
        undone(&self.state, event, &mut self.touched);
        let before = registry::year_of(&self.state);
        karvan_core::apply(&mut self.state, record, event);
        if registry::year_of(&self.state) != before {
            self.touched.insert(Touched::Rules);
        }
        let about = Touching { state: &self.state, touched: &mut self.touched }.of(event);
        self.movement(record, part, event)?;
        self.history(record, event)?;
        self.record(record, (part, event), about)
    }

    /// A public fact, for the list of records.
    fn record(
        &mut self,
        record: &RecordHeader,
        (part, event): (u32, &Event),
        about: About,
    ) -> Result<(), SqlError> {
        let years = self.state.rules.as_ref().map_or(YEARS_LATER, |it| it.publication_years);
        let Some(public) = public_from(event, record.at, years) else { return Ok(()) };
        // Movements and trades of sessions have lists of their own.
        let elsewhere = event.posting().is_some() || matches!(event, Event::OrderTraded(_));
        if elsewhere && !matches!(event, Event::UnitsIssued(_)) {
            return Ok(());
        }
        let row = [
            record.position.into(),
            part.into(),
            record.at.into(),
            event.name().into(),
            about.jurisdiction.map(|it| lists::code(&self.state, it)).into(),
            about.year.into(),
            about.subject.into(),
            about.quantity.into(),
            about.price.into(),
            public_fields(event).to_string().into(),
            public.into(),
        ];
        self.write(&history::RECORDS, &row)
    }

    /// A trade, with the day of its market.
    fn trade(&mut self, record: &RecordHeader, part: u32, event: &Event) -> Result<(), SqlError> {
        let Some(traded) = crate::market_data::traded(&self.state, event) else { return Ok(()) };
        let (market, venue, price, quantity) = traded;
        let mut published = record.at;
        if let Event::BlockTradeMade(it) = event {
            published = published.max(it.published);
        }
        // The member's last price follows from it.
        self.touched.insert(Touched::Jurisdiction(market.jurisdiction));
        let code = lists::code(&self.state, market.jurisdiction);
        let product = lists::market::product(&self.state, market);
        let row = [
            record.position.into(),
            part.into(),
            record.at.into(),
            code.clone().into(),
            market.year.into(),
            product.clone().into(),
            venue.name().into(),
            price.into(),
            quantity.into(),
            published.into(),
        ];
        self.write(&market::TRADES, &row)?;
        if published > record.at {
            // What is not published moves no public total; surveillance and the list show it later.
            return Ok(());
        }
        self.day(((code, market.year, product), record.at), (venue, price, quantity))
    }

    /// Block trades that became public since a moment enter their days.
    fn published(&mut self, since: Instant) -> Result<(), SqlError> {
        if self.state.now <= since {
            return Ok(());
        }
        let found = self.sql.rows(
            "SELECT jurisdiction, year, product, \"at\", price, quantity FROM trades \
             WHERE public_from > \"at\" AND public_from > $1 AND public_from <= $2",
            &[since.into(), self.state.now.into()],
        )?;
        for row in found {
            let int = |place: usize| row.get(place).and_then(Value::int).unwrap_or_default();
            let text =
                |place: usize| row.get(place).and_then(Value::text).unwrap_or_default().to_owned();
            let year = Year(u16::try_from(int(1)).unwrap_or_default());
            let quantity = Tonnes(u64::try_from(int(5)).unwrap_or_default());
            let trade = (Venue::BlockTrade, Price(int(4)), quantity);
            self.day(((text(0), year, text(2)), Instant(int(3))), trade)?;
        }
        Ok(())
    }

    fn day(
        &mut self,
        (traded, at): (Traded, Instant),
        (venue, price, quantity): (Venue, Price, Tonnes),
    ) -> Result<(), SqlError> {
        let day = at.0.saturating_sub(at.0.rem_euclid(DAY_MS));
        let key = (traded, day);
        let before = match self.days.get(&key) {
            Some(it) => *it,
            None => self.stored_day(&key)?,
        };
        self.days.insert(key, before.with(venue, price, quantity));
        Ok(())
    }

    fn stored_day(&mut self, (traded, day): &(Traded, i64)) -> Result<Day, SqlError> {
        let (code, year, product) = traded;
        let found = self.sql.rows(
            "SELECT open, high, low, close, volume, value, trades FROM days \
             WHERE jurisdiction = $1 AND year = $2 AND product = $3 AND day = $4",
            &[code.as_str().into(), (*year).into(), product.as_str().into(), (*day).into()],
        )?;
        let int = |place: usize| found.first().and_then(|row| row.get(place)?.int());
        let sum = |place: usize| int(place).unwrap_or_default();
        let (volume, value, trades) = (sum(4), sum(5), sum(6));
        let (open, high, low, close) = (int(0), int(1), int(2), int(3));
        Ok(Day { open, high, low, close, volume, value, trades })
    }

    fn write_days(&mut self) -> Result<(), SqlError> {
        for (((code, year, product), day), it) in std::mem::take(&mut self.days) {
            let row = [
                code.into(),
                year.into(),
                product.into(),
                day.into(),
                it.open.into(),
                it.high.into(),
                it.low.into(),
                it.close.into(),
                it.volume.into(),
                it.value.into(),
                it.trades.into(),
            ];
            self.write(&market::DAYS, &row)?;
        }
        Ok(())
    }

    /// An auction or call that is over is no date any more.
    fn end_of_date(&mut self, event: &Event) -> Result<(), SqlError> {
        let (kind, number) = if let Event::AuctionCleared(it) = event {
            ("auction", it.auction.0)
        } else if let Event::AuctionCancelled(it) = event {
            ("auction", it.auction.0)
        } else if let Event::CallCleared(it) = event {
            ("call", it.call.0)
        } else {
            return Ok(());
        };
        let delete = "DELETE FROM dates WHERE kind = $1 AND number = $2";
        self.sql.execute(delete, &[kind.into(), number.into()])
    }

    /// Units that moved, for the list of transactions.
    fn movement(
        &mut self,
        record: &RecordHeader,
        part: u32,
        event: &Event,
    ) -> Result<(), SqlError> {
        let (kind, series, from, to, serials) = match event.posting() {
            Some(Posting::UnitsMoved(it)) => ("moved", it.series, it.from, it.to, it.serials),
            Some(Posting::UnitsEnded(it)) => ("ended", it.series, it.from, it.into, it.serials),
            Some(Posting::UnitsRestored(it)) => ("restored", it.series, it.from, it.to, it.serials),
            Some(
                Posting::UnitsIssued(_)
                | Posting::UnitsHeld(_)
                | Posting::UnitsReleased(_)
                | Posting::CashHeld(_)
                | Posting::CashReleased(_)
                | Posting::CashMoved(_),
            )
            | None => return Ok(()),
        };
        let years = self.state.rules.as_ref().map_or(YEARS_LATER, |it| it.publication_years);
        let public = public_from(event, record.at, years);
        let Some(series) = self.state.ledger.series.get(series) else { return Ok(()) };
        let number = |it: AccountId| number_of(&self.state, it).map(|it| it.to_string());
        let Serials { first, count } = serials;
        let row = [
            record.position.into(),
            part.into(),
            record.at.into(),
            kind.into(),
            number(from).into(),
            number(to).into(),
            lists::code(&self.state, series.jurisdiction).into(),
            series.valid_from.into(),
            first.into(),
            count.into(),
            public.into(),
        ];
        self.write(&history::TRANSACTIONS, &row)
    }

    /// Rows of what happened, beside records: policies, and what coupled auctions came to.
    fn history(&mut self, record: &RecordHeader, event: &Event) -> Result<(), SqlError> {
        if let Event::PolicyAdopted(it) = event {
            let hash = facts::hex(&it.rules.policy_hash);
            let name = it.rules.name.clone();
            let row = [record.position.into(), record.at.into(), name.into(), hash.into()];
            self.write(&history::POLICIES, &row)?;
        }
        if let Event::CouplingCleared(it) = event {
            self.coupled(record, it.coupling)?;
        }
        // What each of its calls traded follows in the same record.
        if let Event::CallCleared(it) = event
            && let Some(coupling) = self.state.calls.get(it.call).and_then(|it| it.coupling)
            && self.state.couplings.get(coupling).is_some_and(|it| it.cleared == Some(record.at))
        {
            self.coupled(record, coupling)?;
        }
        Ok(())
    }

    fn coupled(&mut self, record: &RecordHeader, coupling: CouplingId) -> Result<(), SqlError> {
        let Some(it) = self.state.couplings.get(coupling) else { return Ok(()) };
        let mut prices = Vec::new();
        let mut year = Year(0);
        for price in &it.prices {
            let Some(call) = self.state.calls.get(price.call) else { continue };
            year = call.year;
            prices.push([
                coupling.0.into(),
                lists::code(&self.state, call.jurisdiction).into(),
                call.year.into(),
                record.at.into(),
                price.pays.into(),
                price.gets.into(),
                call.result.map(|it| it.volume).into(),
                record.position.into(),
            ]);
        }
        let flow = |flow: &karvan_core::coupling::CoupledFlow| {
            [
                coupling.0.into(),
                lists::code(&self.state, flow.from).into(),
                lists::code(&self.state, flow.to).into(),
                year.into(),
                record.at.into(),
                flow.quantity.into(),
                flow.home.into(),
                flow.arrives.into(),
                flow.rent.into(),
                flow.levy.into(),
                record.position.into(),
            ]
        };
        let flows: Vec<[Value; 11]> = it.flows.iter().map(flow).collect();
        for row in prices {
            self.write(&market::COUPLED_PRICES, &row)?;
        }
        for row in flows {
            self.write(&market::FLOWS, &row)?;
        }
        Ok(())
    }

    fn write_touched(&mut self) -> Result<(), SqlError> {
        let mut touched = std::mem::take(&mut self.touched);
        if touched.remove(&Touched::Rules) {
            self.rules(&mut touched)?;
        }
        for it in touched {
            self.write_row(it)?;
        }
        Ok(())
    }

    /// All that follows from the rules is written anew.
    fn rules(&mut self, touched: &mut BTreeSet<Touched>) -> Result<(), SqlError> {
        let Some(rules) = &self.state.rules else { return Ok(()) };
        for (id, chapter) in rules.chapters() {
            touched.insert(Touched::Jurisdiction(id));
            touched.extend(chapter.years.iter().map(|it| Touched::Year(id, it.year)));
        }
        touched.extend(rules.links.iter().map(|it| Touched::Link(it.from, it.to)));
        self.sql.run("DELETE FROM dates WHERE kind NOT IN ('auction', 'call')")?;
        // What a later policy no longer has is no link.
        self.sql.run("DELETE FROM links")?;
        for row in history::deadlines(&self.state) {
            self.write(&history::DATES, &row)?;
        }
        Ok(())
    }

    fn write_row(&mut self, it: Touched) -> Result<(), SqlError> {
        let (state, known) = (&self.state, &*self.known);
        let (list, row) = match it {
            Touched::Rules => return Ok(()),
            Touched::Jurisdiction(id) => {
                (&registry::JURISDICTIONS, registry::jurisdiction(state, id))
            }
            Touched::Year(id, year) => (&registry::YEARS, registry::year(state, (id, year))),
            Touched::Installation(id) => {
                (&registry::INSTALLATIONS, registry::installation(state, known, id))
            }
            Touched::Compliance(id, year) => {
                (&registry::COMPLIANCE, registry::compliance(state, known, (id, year)))
            }
            Touched::Allocation(id, year) => {
                (&registry::ALLOCATIONS, registry::allocation(state, known, (id, year)))
            }
            Touched::Account(id) => (&registry::ACCOUNTS, registry::account(state, id)),
            Touched::Auction(id) => return self.auction((id, false)),
            Touched::AuctionCancelled(id) => return self.auction((id, true)),
            Touched::Call(id) => {
                let (row, date) = (market::call(state, id), history::call(state, id));
                let is_open = state.calls.get(id).is_some_and(|it| it.result.is_none());
                if let Some(date) = date.filter(|_| is_open) {
                    self.write(&history::DATES, &date)?;
                }
                (&market::CALLS, row)
            }
            Touched::Link(from, to) => return self.link(from, to),
            Touched::Site(id) => (&evidence::SITES, evidence::site(state, id)),
            Touched::Evidence(id) => (&evidence::EVIDENCE, evidence::evidence(state, id)),
        };
        match (row, it) {
            (Some(row), _) => self.write(list, &row),
            // Where nothing is known any more: an installation became part of another.
            (None, Touched::Compliance(id, year) | Touched::Allocation(id, year)) => {
                let Some(it) = self.state.installations.get(id) else { return Ok(()) };
                let code = lists::code(&self.state, it.jurisdiction);
                self.sql.execute(&list.delete(), &[code.into(), year.into(), it.label.into()])
            }
            (None, _) => Ok(()),
        }
    }

    fn auction(&mut self, (id, cancelled): (AuctionId, bool)) -> Result<(), SqlError> {
        let row = market::auction(&self.state, (id, cancelled));
        let bids = market::auction_bids(&self.state, id);
        let is_open =
            !cancelled && self.state.auctions.get(id).is_some_and(|it| it.result.is_none());
        let date = history::auction(&self.state, id).filter(|_| is_open);
        if let Some(row) = row {
            self.write(&market::AUCTIONS, &row)?;
        }
        if let Some(row) = date {
            self.write(&history::DATES, &row)?;
        }
        for row in if cancelled { Vec::new() } else { bids } {
            self.write(&market::AUCTION_BIDS, &row)?;
        }
        Ok(())
    }

    fn link(&mut self, from: JurisdictionId, to: JurisdictionId) -> Result<(), SqlError> {
        let rules = self.state.rules.as_ref().and_then(|it| it.link(from, to));
        let Some(rules) = rules else { return Ok(()) };
        let rows: Vec<Vec<Value>> =
            rules.years.iter().map(|it| registry::link(&self.state, rules, *it)).collect();
        rows.iter().try_for_each(|row| self.write(&registry::LINKS, row))
    }
}
