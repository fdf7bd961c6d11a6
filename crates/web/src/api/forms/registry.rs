//! Commands of holders and operators: reports, surrender, transfers, money, who is trusted; and
//! what a second person says.

use super::{
    Form, ISSUER, Kind, OF_INSTALLATION, QUANTITY, SERIES, Taken, UNITS, VINTAGE, may, must,
};
use karvan_core::account::distrust_account::DistrustAccount;
use karvan_core::account::set_transfer_limit::SetTransferLimit;
use karvan_core::account::trust_account::TrustAccount;
use karvan_core::allocation::return_excess::ReturnExcess;
use karvan_core::cash::ask_payment::{AskPayment, LegAsked};
use karvan_core::cash::payment::Way;
use karvan_core::cash::void_payment::VoidPayment;
use karvan_core::compliance::report_emissions::ReportEmissions;
use karvan_core::compliance::surrender::Surrender;
use karvan_core::compliance::verify_report::{Finding, Opinion, VerifyReport, Weight};
use karvan_core::id::{PartyId, PaymentId, ProposalId};
use karvan_core::link::link_transfer::LinkTransfer;
use karvan_core::proposal::approve::Approve;
use karvan_core::proposal::reject::Reject;
use karvan_core::quantity::Money;
use karvan_core::units::delete::Delete;
use karvan_core::units::retire::{Claim, Retire};
use karvan_core::units::transfer::{Consideration, Transfer};

const OPINIONS: &[&str] = &["verified", "with-comments", "not-verified", "returned"];
const INSTALLATION: super::Field = must("installation", Kind::Installation, "The installation.");
const YEAR: super::Field = must("year", Kind::Year, "For which year.");

const TRANSFER: &[super::Field] = &[
    must("from", Kind::Account, "The account they leave."),
    must("to", Kind::Account, "The account they come to."),
    SERIES,
    ISSUER,
    VINTAGE,
    QUANTITY,
    may("price", Kind::Price, "What was paid for one; none where they are given."),
];

fn transfer(it: &mut Taken<'_>) -> Option<Transfer> {
    let (from, to) = (it.account("from"), it.account("to"));
    let series = it.series();
    let (quantity, price) = (it.tonnes("quantity"), it.price("price"));
    let consideration = price.map_or(Consideration::Free, Consideration::Price);
    let (from, to, quantity, series) = (from?, to?, quantity?, series?);
    Some(Transfer { from, to, series, quantity, consideration })
}

/// All of them.
pub(super) static FORMS: [Form; 15] = [
    Form {
        path: "reports",
        about: "Reports what an installation emitted in a year; a verifier looks at it.",
        fields: &[
            INSTALLATION,
            YEAR,
            must("emissions", Kind::Tonnes, "What it emitted."),
            may("activity", Kind::Decimal, "What it put out, in the unit of its benchmark."),
        ],
        build: |it| {
            let (installation, year) = (it.installation("installation"), it.year("year"));
            let (emissions, activity) = (it.tonnes("emissions"), it.decimal("activity"));
            let (installation, year, emissions) = (installation?, year?, emissions?);
            let report = ReportEmissions { installation, year, emissions, detail: None, activity };
            Some(report.into())
        },
    },
    Form {
        path: "reports/verify",
        about: "Gives a verifier's opinion on a report.",
        fields: &[
            INSTALLATION,
            YEAR,
            must("version", Kind::Number, "The version of the report that was looked at."),
            must("opinion", Kind::Choice(OPINIONS), "What is said of it."),
            may("material", Kind::Text, "What was found and changes what its users decide."),
            may("minor", Kind::Text, "What was found besides."),
        ],
        build: |it| {
            let (installation, year) = (it.installation("installation"), it.year("year"));
            let (version, opinion) = (it.small("version"), it.choice("opinion"));
            let found = [("material", Weight::Material), ("minor", Weight::Minor)];
            let finding = |(name, weight)| Some(Finding { weight, text: it.text(name)? });
            let findings = found.into_iter().filter_map(finding).collect();
            let opinion = match opinion? {
                "verified" => Opinion::Verified,
                "with-comments" => Opinion::WithComments,
                "not-verified" => Opinion::NotVerified,
                _ => Opinion::Returned,
            };
            let (installation, year) = (installation?, year?);
            let version = u16::try_from(version?).ok()?;
            Some(VerifyReport { installation, year, version, opinion, findings }.into())
        },
    },
    Form {
        path: "surrenders",
        about: "Surrenders units of an installation's account for a year.",
        fields: OF_INSTALLATION,
        build: |it| {
            let (installation, year, quantity) = it.of_installation()?;
            Some(Surrender { installation, year, quantity }.into())
        },
    },
    Form {
        path: "excess/return",
        about: "Returns free allocation that was too much.",
        fields: OF_INSTALLATION,
        build: |it| {
            let (installation, year, quantity) = it.of_installation()?;
            Some(ReturnExcess { installation, year, quantity }.into())
        },
    },
    Form {
        path: "transfers",
        about: "Transfers units to another account.",
        fields: TRANSFER,
        build: |it| Some(transfer(it)?.into()),
    },
    Form {
        path: "link-transfers",
        about: "Transfers units through a link, into the market where they are to count.",
        fields: TRANSFER,
        build: |it| Some(LinkTransfer(transfer(it)?).into()),
    },
    Form {
        path: "deletions",
        about: "Deletes units for good, for nobody's use.",
        fields: UNITS,
        build: |it| {
            let (account, series, quantity) = it.units()?;
            Some(Delete { account, series, quantity }.into())
        },
    },
    Form {
        path: "retirements",
        about: "Retires units for a use that somebody claims, once and for good.",
        fields: &[
            must("account", Kind::Account, "The account the units leave."),
            SERIES,
            ISSUER,
            VINTAGE,
            QUANTITY,
            must("beneficiary", Kind::Text, "The organisation that claims the use."),
            must("purpose", Kind::Text, "What for."),
            must("first", Kind::Day, "The first day of the period that is claimed."),
            must("last", Kind::Day, "The last one."),
        ],
        build: |it| {
            let units = it.units();
            let (beneficiary, purpose) = (it.text("beneficiary"), it.text("purpose"));
            let (first, last) = (it.day("first"), it.day("last"));
            let (beneficiary, purpose) = (beneficiary?, purpose?);
            let claim = Claim { beneficiary, purpose, first: first?, last: last? };
            let (account, series, quantity) = units?;
            Some(Retire { account, series, quantity, claim }.into())
        },
    },
    Form {
        path: "payments",
        about: "Asks for money to be paid into the market, or out of it.",
        fields: &[
            must("party", Kind::Number, "Whose money it is."),
            must("way", Kind::Choice(&["in", "out"]), "Into the market, or out of it."),
            must("amount", Kind::Price, "How much."),
            may("currency", Kind::Choice(&[]), "Its currency, where that is not the market's."),
        ],
        build: |it| {
            let (party, way) = (it.small("party"), it.choice("way"));
            let (amount, currency) = (it.price("amount"), it.label("currency"));
            let way = if way? == "in" { Way::In } else { Way::Out };
            let legs = vec![LegAsked { way, amount: Money(amount?.0), currency }];
            Some(AskPayment { party: PartyId(party?), legs }.into())
        },
    },
    Form {
        path: "payments/void",
        about: "Takes a payment back that the bank has not sent.",
        fields: &[must("payment", Kind::Number, "The payment.")],
        build: |it| Some(VoidPayment { payment: PaymentId(it.small("payment")?) }.into()),
    },
    Form {
        path: "trusted-accounts",
        about: "Trusts another account: transfers to it do not wait, after some days.",
        fields: &[
            must("account", Kind::Account, "Whose list."),
            must("trusted", Kind::Account, "Who is to be trusted."),
        ],
        build: |it| {
            let (account, trusted) = (it.account("account"), it.account("trusted"));
            Some(TrustAccount { account: account?, trusted: trusted? }.into())
        },
    },
    Form {
        path: "trusted-accounts/end",
        about: "Trusts an account no longer.",
        fields: &[
            must("account", Kind::Account, "Whose list."),
            must("trusted", Kind::Account, "Who is no longer trusted."),
        ],
        build: |it| {
            let (account, trusted) = (it.account("account"), it.account("trusted"));
            Some(DistrustAccount { account: account?, trusted: trusted? }.into())
        },
    },
    Form {
        path: "transfer-limits",
        about: "Limits what goes to accounts that are not trusted within five working days.",
        fields: &[
            must("account", Kind::Account, "The account."),
            may("limit", Kind::Tonnes, "The most; without it there is no limit of its own."),
        ],
        build: |it| {
            let (account, limit) = (it.account("account"), it.tonnes("limit"));
            Some(SetTransferLimit { account: account?, limit }.into())
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
