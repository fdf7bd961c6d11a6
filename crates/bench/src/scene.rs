//! A market of 10,000 operators whose holdings lie in 100,000 blocks.

use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::{AccountKind, SinglePerson, open_account::OpenAccount};
use karvan_core::allocation::Source;
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::calendar::Calendar;
use karvan_core::command::needs_second;
use karvan_core::freezing::{Frozen, freeze::Freeze};
use karvan_core::grounds::Grounds;
use karvan_core::id::{AccountId, InstallationId, JurisdictionId, Label, NOBODY, SeriesId};
use karvan_core::id::{GroupId, PartyId, PersonId};
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::proposal::{approve::Approve, propose::Propose};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::rules::{
    AuctionRules, BelowSecondary, JurisdictionRules, MarketRules, Penalty, Registry, Stage,
    TIERS_MAX, Ties, Undersubscribed, YearRules,
};
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::time::{Instant, Year};
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{Command, Context, Events, RecordHeader, State, apply, decide, invariant};
use karvan_engine::{CommandId, Submission};
use std::collections::BTreeSet;

pub(crate) const ACCOUNTS: u32 = 10_000;
const BLOCKS_AN_ACCOUNT: u32 = 10;
/// The most units of one transfer.
const QUANTITY_MAX: u64 = 1_000;
pub(crate) const YEAR: Year = Year(2027);
pub(crate) const HERE: JurisdictionId = JurisdictionId(0);
/// Every holder's: 2,000 t in a block.
const HOLDING: u64 = 2_000 * BLOCKS_AN_ACCOUNT as u64;
/// The region and the nation come first.
pub(crate) const ADMINISTRATOR: PersonId = PersonId(3);
/// One operator holds all accounts, and one person of it suffices for transfers among them.
const OPERATOR: PartyId = PartyId(2);
const OPERATORS_PERSON: PersonId = PersonId(5);
pub(crate) const SINGLE: SinglePerson = SinglePerson { surrender: true, trusted: true };
/// The accounts of the government come first.
const FIRST_ACCOUNT: u32 = 2;

/// The market's clock.
pub(crate) const NOW: Instant = Instant(1_800_010_800_000);

/// A command with who sends it.
pub(crate) type Asked = (PersonId, Command);

/// Splitmix64: the same transfers in every run.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % end
    }
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("a label of the scene is short")
}

pub(crate) fn auction_rules() -> AuctionRules {
    AuctionRules {
        lot: Tonnes(500),
        reserve: Price(100),
        undersubscribed: Undersubscribed::Sell,
        below_secondary: BelowSecondary::Ignore,
        below_secondary_percent: 10,
        purchase_limit_percent: 100,
        bids_max: 10_000,
        ties: Ties::Seeded,
        tiers: [None; TIERS_MAX],
        withhold: None,
    }
}

pub(crate) fn rules() -> Box<MarketRules> {
    let due = |month, day| Instant::of_date(2028, month, day);
    let year = YearRules {
        year: YEAR,
        stage: Stage::Ets,
        valid_to: Year(2035),
        report_due: due(4, 1),
        surrender_due: due(7, 1),
        true_up_due: due(7, 1),
        intensity: false,
        ceiling: None,
        auction: auction_rules(),
        penalty: Penalty {
            per_tonne: Price(2_000),
            of_mean_price_percent: 0,
            make_good: true,
            index: None,
        },
        quantity: None,
    };
    Box::new(MarketRules {
        name: "benchmark".to_owned(),
        currency: label("USD"),
        jurisdictions: vec![JurisdictionRules {
            code: label("XXA"),
            years: vec![year],
            country: label("XA"),
            calendar: Calendar::plain(),
            transfer_limit_bp: 50,
            admits: BTreeSet::from([AccountKind::Operator, AccountKind::Trading]),
            holding_limit_bp: None,
            trading: Default::default(),
            quote: None,
            maker: None,
            evidence: None,
            products: None,
            settlement_class: Default::default(),
            registry: Registry::Native,
        }],
        policy_hash: [0; 32],
        transfer_limit: None,
        publication_years: 3,
        notice_days: 30,
        payment_days: 30,
        links: Vec::new(),
        settles: Default::default(),
    })
}

fn account(number: u32) -> AccountId {
    AccountId(FIRST_ACCOUNT + number % ACCOUNTS)
}

fn transfer(from: u32, to: u32, quantity: u64) -> Asked {
    let command = Transfer {
        from: account(from),
        to: account(to),
        series: SeriesId(0),
        quantity: Tonnes(quantity),
        consideration: Consideration::Price(Price(815)),
    };
    (OPERATORS_PERSON, command.into())
}

/// All that leads to the scene, with accounts beyond those that trade.
fn opening(accounts: u32) -> Vec<Asked> {
    let region = PersonId(1);
    let register = |role, group| {
        let jurisdiction = (role != Role::RegionalAdministrator).then_some(HERE);
        Command::from(RegisterParty {
            role,
            jurisdiction,
            group: GroupId(group),
            persons: 2,
            scope: None,
        })
    };
    let mut all = vec![
        (NOBODY, register(Role::RegionalAdministrator, 0)),
        (region, AdoptPolicy { rules: rules() }.into()),
        (region, register(Role::NationalAdministrator, 1)),
    ];
    let mut nation = |command: Command| all.push((ADMINISTRATOR, command));
    for kind in [AccountKind::TotalQuantity, AccountKind::Allocation] {
        let (holder, jurisdiction) = (PartyId(1), HERE);
        nation(OpenAccount { kind, holder, jurisdiction, single: SINGLE, towards: None }.into());
    }
    nation(register(Role::Operator, 2));
    for number in 0..accounts {
        let (label, jurisdiction) = (label(&format!("XXA-{number}")), HERE);
        let (operator, obliged_from, single) = (OPERATOR, Some(YEAR), SINGLE);
        let register = RegisterInstallation {
            label,
            jurisdiction,
            operator,
            obliged_from,
            single,
            sector: label,
        };
        nation(register.into());
    }
    let quantity = Tonnes(HOLDING * u64::from(ACCOUNTS));
    let (jurisdiction, year, opening) = (HERE, YEAR, Tonnes(0));
    let basis = CapBasis { grounds: Grounds::new("the bench", [0; 32]), activity: None };
    nation(SetCap { jurisdiction, year, quantity, opening, basis }.into());
    nation(Issue { jurisdiction, year, quantity }.into());
    let (from, to) = (AccountKind::TotalQuantity, AccountKind::Allocation);
    nation(CentralTransfer { jurisdiction, from, to, year, quantity }.into());
    for first in (0..ACCOUNTS).step_by(1_000) {
        let installations: Vec<_> = (first..first + 1_000).map(InstallationId).collect();
        let row = |it: &InstallationId| AllocationRow {
            installation: *it,
            quantity: Tonnes(HOLDING),
            basis: None,
        };
        let rows = installations.iter().map(row).collect();
        nation(UploadAllocation { jurisdiction, year, rows, source: Source::National }.into());
        nation(Allocate { jurisdiction, year, installations, source: Source::National }.into());
    }
    // Each operator has one block; nine rounds in a ring leave it with ten.
    for round in 1..BLOCKS_AN_ACCOUNT {
        for number in 0..ACCOUNTS {
            all.push(transfer(number, number + round * 7, 1_500 + 100 * u64::from(round)));
        }
    }
    all
}

/// The scene.
pub(crate) struct Scene {
    pub(crate) opening: Vec<Asked>,
    pub(crate) state: State,
}

/// The command itself, or the proposal and the approval of what needs two persons.
pub(crate) fn seconded(state: &State, (actor, command): Asked) -> Vec<Asked> {
    if !needs_second(state, &command) {
        return vec![(actor, command)];
    }
    let (proposal, command_hash) = (state.next_proposal, command.hash(actor));
    let propose = Propose { command: Box::new(command) };
    let second = PersonId(actor.0 + 1);
    vec![(actor, propose.into()), (second, Approve { proposal, command_hash }.into())]
}

/// Decides, applies and checks; whether the command was accepted.
pub(crate) fn take(state: &mut State, (actor, command): &Asked, out: &mut Events) -> bool {
    let (actor, approvals) = (*actor, Vec::new());
    let now = if let Command::PassTime(it) = command { it.to } else { state.now };
    let context = Context { actor, now, approvals, command_hash: [0; 32] };
    if let Err(no) = decide(state, &context, command, out) {
        eprintln!("{no}");
        return false;
    }
    let record = RecordHeader { position: state.next_position(), at: NOW, actor };
    for event in out.list() {
        apply(state, &record, event);
    }
    invariant::check_record(state, out.list());
    true
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with_accounts(ACCOUNTS)
    }

    /// The administrator freezes its jurisdiction.
    pub(crate) fn freeze() -> Asked {
        (ADMINISTRATOR, Freeze { frozen: Frozen::Jurisdiction(HERE) }.into())
    }

    pub(crate) fn with_accounts(accounts: u32) -> Self {
        let mut state = State { now: NOW, ..State::default() };
        let mut out = Events::default();
        let mut opening = Vec::new();
        for asked in self::opening(accounts) {
            for asked in seconded(&state, asked) {
                assert!(take(&mut state, &asked, &mut out), "refused: {asked:?}");
                opening.push(asked);
            }
        }
        invariant::sweep(&state);
        Self { opening, state }
    }

    /// Random transfers between accounts of the part `which` of `parts`: clients do not meet.
    pub(crate) fn transfers(&self, count: usize, (which, parts): (u32, u32)) -> Vec<Asked> {
        let mut draw = Draw(u64::from(which) + 1);
        let mut number = || {
            let place = draw.below(u64::from(ACCOUNTS / parts));
            let quantity = 1 + draw.below(QUANTITY_MAX);
            (u32::try_from(place).unwrap_or_default() * parts + which, quantity)
        };
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            let ((from, quantity), (to, _)) = (number(), number());
            if from != to {
                all.push(transfer(from, to, quantity));
            }
        }
        all
    }
}

/// Blocks in all accounts.
pub(crate) fn blocks(state: &State) -> usize {
    let shelves = state.ledger.shelves.iter();
    shelves.flat_map(|(_, it)| &it.queues).map(|it| it.blocks.len()).sum()
}

/// Submissions with ids of their own.
pub(crate) fn submissions(asked: Vec<Asked>, first: u128) -> Vec<Submission> {
    let number = (first..).zip(asked);
    let submission =
        |(number, (actor, command))| Submission { id: CommandId::new(NOW, number), actor, command };
    number.map(submission).collect()
}
