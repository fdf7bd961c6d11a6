//! The commands of the interface, field by field: from what each is told, the document, the parsing
//! and the command follow.

use karvan_core::account::{AccountNumber, by_number};
use karvan_core::auction::place_bid::PlaceBid;
use karvan_core::book::plan::{OrderKind, SelfMatch};
use karvan_core::compliance::surrender::Surrender;
use karvan_core::exchange::amend_order::AmendOrder;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::cancel_orders::CancelOrders;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::{Lasting, Side};
use karvan_core::id::{
    AccountId, AuctionId, InstallationId, JurisdictionId, Label, OrderId, PartyId, ProposalId,
};
use karvan_core::proposal::approve::Approve;
use karvan_core::proposal::propose::Propose;
use karvan_core::proposal::reject::Reject;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{Command, State};
use serde_json::{Map, Value as Json};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The code of a jurisdiction.
    Jurisdiction,
    /// A year.
    Year,
    /// The number of an account, with check digits.
    Account,
    /// An installation by its row in the data.
    Installation,
    /// Whole tonnes.
    Tonnes,
    /// A price: decimal text with at most two decimals.
    Price,
    /// A whole number.
    Number,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// SHA-256 in hexadecimal digits.
    Hash,
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: Need,
    /// What it means.
    pub about: &'static str,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
}

/// A command of the interface.
pub struct Form {
    /// The last part of its path.
    pub path: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
    build: fn(&mut Taken<'_>) -> Option<Command>,
}

const fn must(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: Need::Required, about }
}

const fn may(name: &'static str, kind: Kind, about: &'static str) -> Field {
    Field { name, kind, required: Need::Optional, about }
}

const KINDS: &[&str] = &["limit", "market", "immediate-or-cancel", "fill-or-kill", "post-only"];
const SELF: &[&str] = &["cancel-incoming", "cancel-resting", "cancel-both", "decrement"];
const MARKET: Field = must("jurisdiction", Kind::Jurisdiction, "Whose market.");
const YEAR: Field = must("year", Kind::Year, "The market's year: units that count for it.");
const PRICE: Field = must("price", Kind::Price, "The price of one tonne.");
const QUANTITY: Field = must("quantity", Kind::Tonnes, "How many units.");
const SELF_MATCH: Field = may(
    "self_match",
    Kind::Choice(SELF),
    "What happens where one's own orders would meet; cancel-incoming where nothing is said.",
);

/// All of them.
pub const FORMS: [Form; 9] = [
    Form {
        path: "orders",
        about: "Places an order in a market.",
        fields: &[
            MARKET,
            YEAR,
            must("account", Kind::Account, "From which units go, or into which they come."),
            must("side", Kind::Choice(&["buy", "sell"]), "buy or sell."),
            PRICE,
            QUANTITY,
            may("kind", Kind::Choice(KINDS), "limit where nothing is said."),
            SELF_MATCH,
            may(
                "lasting",
                Kind::Choice(&["until-cancelled", "session"]),
                "until-cancelled where nothing is said.",
            ),
            may("client", Kind::Number, "Your own number of the order; 0 is none."),
        ],
        build: |it| {
            let (jurisdiction, year) = (it.jurisdiction("jurisdiction"), it.year("year"));
            let account = it.account("account");
            let side = it.choice("side");
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let kind = match it.choice("kind") {
                Some("market") => OrderKind::Market,
                Some("immediate-or-cancel") => OrderKind::ImmediateOrCancel,
                Some("fill-or-kill") => OrderKind::FillOrKill,
                Some("post-only") => OrderKind::PostOnly,
                _ => OrderKind::Limit,
            };
            let lasting = match it.choice("lasting") {
                Some("session") => Lasting::Session,
                _ => Lasting::UntilCancelled,
            };
            let (self_match, client) = (it.self_match(), it.small("client").unwrap_or_default());
            let side = if side? == "buy" { Side::Buy } else { Side::Sell };
            let (jurisdiction, year, account) = (jurisdiction?, year?, account?);
            let (price, quantity) = (price?, quantity?);
            let order = PlaceOrder {
                jurisdiction,
                year,
                account,
                side,
                price,
                quantity,
                kind,
                self_match,
                lasting,
                client,
            };
            Some(order.into())
        },
    },
    Form {
        path: "orders/amend",
        about: "Changes the price or quantity of an order that waits.",
        fields: &[must("order", Kind::Number, "The order."), PRICE, QUANTITY, SELF_MATCH],
        build: |it| {
            let (order, price) = (it.number("order"), it.price("price"));
            let (quantity, self_match) = (it.tonnes("quantity"), it.self_match());
            let order = OrderId(order?);
            Some(AmendOrder { order, price: price?, quantity: quantity?, self_match }.into())
        },
    },
    Form {
        path: "orders/cancel",
        about: "Cancels an order that waits.",
        fields: &[must("order", Kind::Number, "The order.")],
        build: |it| Some(CancelOrder { order: OrderId(it.number("order")?) }.into()),
    },
    Form {
        path: "orders/cancel-all",
        about: "Cancels all orders of a party, in one market or in all.",
        fields: &[
            must("party", Kind::Number, "The party."),
            may("jurisdiction", Kind::Jurisdiction, "Only in this market, with the year."),
            may("year", Kind::Year, "Only in this market."),
        ],
        build: |it| {
            let party = it.small("party");
            let market = (it.jurisdiction("jurisdiction"), it.year("year"));
            if market.0.is_some() != market.1.is_some() {
                it.wrong("jurisdiction", "give it with the year, or neither for all markets");
            }
            let market = market.0.zip(market.1);
            Some(CancelOrders { party: PartyId(party?), market, halt: false }.into())
        },
    },
    Form {
        path: "bids",
        about: "Bids in a primary auction. A bid is not seen by others and not taken back.",
        fields: &[
            must("auction", Kind::Number, "The auction."),
            must("account", Kind::Account, "Into which the units come."),
            PRICE,
            QUANTITY,
            may("currency", Kind::Choice(&[]), "A currency of its own, where there is a fixing."),
        ],
        build: |it| {
            let (auction, account) = (it.small("auction"), it.account("account"));
            let (price, quantity) = (it.price("price"), it.tonnes("quantity"));
            let currency = it.label("currency");
            let (price, quantity) = (price?, quantity?);
            let auction = AuctionId(auction?);
            Some(PlaceBid { auction, account: account?, price, quantity, currency }.into())
        },
    },
    Form {
        path: "surrenders",
        about: "Surrenders units of an installation's account for a year.",
        fields: &[
            must("installation", Kind::Installation, "The installation."),
            must("year", Kind::Year, "For which year."),
            QUANTITY,
        ],
        build: |it| {
            let (installation, year) = (it.installation("installation"), it.year("year"));
            let quantity = it.tonnes("quantity")?;
            Some(Surrender { installation: installation?, year: year?, quantity }.into())
        },
    },
    Form {
        path: "transfers",
        about: "Transfers units to another account; proposed, where it takes a second person.",
        fields: &[
            must("from", Kind::Account, "The account they leave."),
            must("to", Kind::Account, "The account they come to."),
            must("jurisdiction", Kind::Jurisdiction, "Who issued the units."),
            must("vintage", Kind::Year, "Their year."),
            QUANTITY,
            may("price", Kind::Price, "What was paid for one; none where they are given."),
        ],
        build: |it| {
            let (from, to) = (it.account("from"), it.account("to"));
            let (issuer, vintage) = (it.jurisdiction("jurisdiction"), it.year("vintage"));
            let (quantity, price) = (it.tonnes("quantity"), it.price("price"));
            let series = it.state.ledger.vintage(issuer?, vintage?);
            if series.is_none() {
                it.wrong("vintage", "no units of this year are issued");
            }
            let consideration = price.map_or(Consideration::Free, Consideration::Price);
            let (from, to, quantity, series) = (from?, to?, quantity?, series?);
            let command = Command::from(Transfer { from, to, series, quantity, consideration });
            Some(match karvan_core::command::needs_second(it.state, &command) {
                true => Propose { command: Box::new(command) }.into(),
                false => command,
            })
        },
    },
    Form {
        path: "approvals",
        about: "Approves what another person proposed, over the exact bytes.",
        fields: &[
            must("proposal", Kind::Number, "The proposal."),
            must("command_hash", Kind::Hash, "The hash of what was proposed, as you read it."),
        ],
        build: |it| {
            let (proposal, command_hash) = (it.number("proposal"), it.hash("command_hash"));
            let proposal = ProposalId(u32::try_from(proposal?).ok()?);
            Some(Approve { proposal, command_hash: command_hash? }.into())
        },
    },
    Form {
        path: "rejections",
        about: "Rejects what another person proposed, or withdraws one's own proposal.",
        fields: &[must("proposal", Kind::Number, "The proposal.")],
        build: |it| {
            let proposal = ProposalId(u32::try_from(it.number("proposal")?).ok()?);
            Some(Reject { proposal }.into())
        },
    },
];

/// A field that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

/// The fields of a request, as they are taken; every mistake is kept.
struct Taken<'a> {
    state: &'a State,
    fields: &'a Map<String, Json>,
    form: &'a Form,
    mistakes: Vec<Mistake>,
}

impl Form {
    /// The command of a request, or all that is wrong with it.
    pub fn parse(&self, body: &Json, state: &State) -> Result<Command, Vec<Mistake>> {
        let whole = |why: &str| vec![Mistake { field: String::new(), why: why.to_owned() }];
        let fields = body.as_object().ok_or_else(|| whole("the body must be a JSON object"))?;
        let mut it = Taken { state, fields, form: self, mistakes: Vec::new() };
        for name in fields.keys().filter(|name| self.fields.iter().all(|it| it.name != **name)) {
            let known: Vec<&str> = self.fields.iter().map(|it| it.name).collect();
            let why = format!("there is no such field; fields are {}", known.join(", "));
            it.wrong(name, &why);
        }
        let command = (self.build)(&mut it);
        match (command, it.mistakes) {
            (Some(command), mistakes) if mistakes.is_empty() => Ok(command),
            (_, mistakes) if mistakes.is_empty() => Err(whole("a number is too large")),
            (_, mistakes) => Err(mistakes),
        }
    }
}

impl<'a> Taken<'a> {
    fn wrong(&mut self, field: &str, why: &str) {
        self.mistakes.push(Mistake { field: field.to_owned(), why: why.to_owned() });
    }

    /// The value of a field; what is missing and must be there is a mistake.
    fn value(&mut self, name: &str) -> Option<&'a Json> {
        let value = self.fields.get(name).filter(|it| !it.is_null());
        let field = self.form.fields.iter().find(|it| it.name == name);
        if value.is_none() && field.is_some_and(|it| it.required == Need::Required) {
            self.wrong(name, "it is missing");
        }
        value
    }

    fn text(&mut self, name: &str, expected: &str) -> Option<&'a str> {
        let value = self.value(name)?;
        let text = value.as_str();
        if text.is_none() {
            self.wrong(name, &format!("{value} is no text; expected is {expected}"));
        }
        text
    }

    /// What `read` makes of a text; nothing is a mistake.
    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str, &State) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name, expected)?;
        let found = read(text, self.state);
        if found.is_none() {
            self.wrong(name, &format!("\"{text}\" does not fit; expected is {expected}"));
        }
        found
    }

    fn jurisdiction(&mut self, name: &str) -> Option<JurisdictionId> {
        self.read(name, "the code of a jurisdiction, such as XXA", |text, state| {
            let mut chapters = state.rules.as_ref()?.chapters();
            chapters.find(|(_, it)| it.code.as_str() == text).map(|(id, _)| id)
        })
    }

    fn account(&mut self, name: &str) -> Option<AccountId> {
        let expected = "the number of an account, with its check digits";
        self.read(name, expected, |text, state| by_number(state, AccountNumber::parse(text).ok()?))
    }

    fn installation(&mut self, name: &str) -> Option<InstallationId> {
        self.read(name, "an installation by its row in the data", |text, state| {
            state.labels.get(&Label::new(text)?).copied()
        })
    }

    fn price(&mut self, name: &str) -> Option<Price> {
        self.read(name, "a price as text, such as \"12.50\"", |text, _| {
            let (whole, part) = text.split_once('.').unwrap_or((text, ""));
            let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
            let fits = !whole.is_empty() && part.len() <= 2 && digits(whole) && digits(part);
            fits.then(|| format!("{whole}{part:0<2}").parse().ok().map(Price))?
        })
    }

    fn label(&mut self, name: &str) -> Option<Label> {
        self.read(name, "the code of a currency, such as KZT", |text, _| Label::new(text))
    }

    fn hash(&mut self, name: &str) -> Option<[u8; 32]> {
        self.read(name, "64 hexadecimal digits", |text, _| {
            let pairs = text.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).ok());
            let bytes: Option<Vec<u8>> = pairs.map(|it| u8::from_str_radix(it?, 16).ok()).collect();
            bytes?.try_into().ok()
        })
    }

    fn choice(&mut self, name: &str) -> Option<&'static str> {
        let field = self.form.fields.iter().find(|it| it.name == name)?;
        let Kind::Choice(all) = field.kind else { return None };
        let expected = format!("one of {}", all.join(", "));
        self.read(name, &expected, |text, _| all.iter().copied().find(|it| *it == text))
    }

    fn self_match(&mut self) -> SelfMatch {
        match self.choice("self_match") {
            Some("cancel-resting") => SelfMatch::CancelResting,
            Some("cancel-both") => SelfMatch::CancelBoth,
            Some("decrement") => SelfMatch::Decrement,
            _ => SelfMatch::CancelIncoming,
        }
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let number = value.as_u64();
        if number.is_none() {
            self.wrong(name, &format!("{value} does not fit; expected is a whole number"));
        }
        number
    }

    fn small(&mut self, name: &str) -> Option<u32> {
        let number = self.number(name)?;
        let small = u32::try_from(number).ok();
        if small.is_none() {
            self.wrong(name, &format!("{number} is too large"));
        }
        small
    }

    fn tonnes(&mut self, name: &str) -> Option<Tonnes> {
        self.number(name).map(Tonnes)
    }

    fn year(&mut self, name: &str) -> Option<Year> {
        let number = self.number(name)?;
        let year = u16::try_from(number).ok().map(Year);
        if year.is_none() {
            self.wrong(name, &format!("{number} is no year"));
        }
        year
    }
}
