//! A market of a thousand traders, each with money and a million units, in a session.

use crate::exchange::OWNERS;
use crate::scene::{self, ADMINISTRATOR, Asked, HERE, NOW, SINGLE, YEAR, label, seconded, take};
use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::{AccountKind, open_account::OpenAccount};
use karvan_core::allocation::Source;
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount};
use karvan_core::grounds::Grounds;
use karvan_core::id::{
    AccountId, BankReference, GroupId, InstallationId, NOBODY, PartyId, PersonId,
};
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Money, Tonnes};
use karvan_core::rules::{ContinuousRules, TradingRules};
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::{Command, Events, State};

/// What each holds at first: units, and cents.
const UNITS: u64 = 1_000_000;
const CENTS: i64 = 1_000_000_000_000;
/// The region, the nation and the bank come first, with two persons each.
const FIRST_PARTY: u32 = 3;
const BANK: PersonId = PersonId(5);
/// The accounts of the government come first.
const FIRST_ACCOUNT: u32 = 2;

/// The person that acts for a trader.
pub(crate) fn person(owner: u32) -> PersonId {
    PersonId(1 + 2 * (FIRST_PARTY + owner))
}

/// Its account.
pub(crate) fn account(owner: u32) -> AccountId {
    AccountId(FIRST_ACCOUNT + owner)
}

fn opening() -> Vec<Asked> {
    let register = |role, group, jurisdiction| {
        let (group, scope) = (GroupId(group), None);
        Command::from(RegisterParty { role, jurisdiction, group, persons: 2, scope })
    };
    let region = PersonId(1);
    let mut rules = scene::rules();
    for it in &mut rules.jurisdictions {
        it.trading = TradingRules {
            continuous: Some(ContinuousRules {
                opens: 0,
                closes: 1_440,
                maker_fee_bp: 0,
                taker_fee_bp: 0,
                static_band_bp: None,
                dynamic_band_bp: None,
                volatility_minutes: 5,
            }),
            ..TradingRules::default()
        };
    }
    let mut all = vec![
        (NOBODY, register(Role::RegionalAdministrator, 0, None)),
        (region, AdoptPolicy { rules }.into()),
        (region, register(Role::NationalAdministrator, 1, Some(HERE))),
        (region, register(Role::SettlementBank, 2, None)),
    ];
    let cash = |party: u32| OpenCashAccount { party: PartyId(party), currency: None };
    all.push((BANK, cash(2).into()));
    let mut nation = |command: Command| all.push((ADMINISTRATOR, command));
    for kind in [AccountKind::TotalQuantity, AccountKind::Allocation] {
        let (holder, jurisdiction) = (PartyId(1), HERE);
        nation(OpenAccount { kind, holder, jurisdiction, single: SINGLE, towards: None }.into());
    }
    for owner in 0..OWNERS {
        nation(register(Role::Operator, FIRST_PARTY + owner, Some(HERE)));
        let label = label(&format!("XXA-{owner}"));
        let (operator, obliged_from) = (PartyId(FIRST_PARTY + owner), Some(YEAR));
        let (jurisdiction, single, sector) = (HERE, SINGLE, label);
        let register =
            RegisterInstallation { label, jurisdiction, operator, obliged_from, single, sector };
        nation(register.into());
    }
    let (jurisdiction, year, opening) = (HERE, YEAR, Tonnes(0));
    let quantity = Tonnes(UNITS * u64::from(OWNERS));
    let basis = CapBasis { grounds: Grounds::new("the bench", [0; 32]), activity: None };
    nation(SetCap { jurisdiction, year, quantity, opening, basis }.into());
    nation(Issue { jurisdiction, year, quantity }.into());
    let (from, to) = (AccountKind::TotalQuantity, AccountKind::Allocation);
    nation(CentralTransfer { jurisdiction, from, to, year, quantity }.into());
    let installations: Vec<_> = (0..OWNERS).map(InstallationId).collect();
    let row = |it: &InstallationId| AllocationRow {
        installation: *it,
        quantity: Tonnes(UNITS),
        basis: None,
    };
    let rows = installations.iter().map(row).collect();
    nation(UploadAllocation { jurisdiction, year, rows, source: Source::National }.into());
    nation(Allocate { jurisdiction, year, installations, source: Source::National }.into());
    for owner in 0..OWNERS {
        let party = FIRST_PARTY + owner;
        all.push((BANK, cash(party).into()));
        let (party, reference) = (PartyId(party), BankReference::of_number(party.into()));
        let deposit = Deposit { party, amount: Money(CENTS), reference, currency: None };
        all.push((BANK, deposit.into()));
    }
    all
}

/// What leads to the market, with the second persons.
pub(crate) fn opened() -> (Vec<Asked>, State) {
    let mut state = State { now: NOW, ..State::default() };
    let (mut out, mut all) = (Events::default(), Vec::new());
    for asked in opening() {
        for asked in seconded(&state, asked) {
            assert!(take(&mut state, &asked, &mut out), "refused: {asked:?}");
            all.push(asked);
        }
    }
    (all, state)
}
