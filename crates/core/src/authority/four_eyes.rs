//! The four-eyes table: what two persons must want, who begins it, who approves it.
//!
//! The list of commands says for each who approves; this table says it in the words of those who
//! work with it, operation by operation. A test holds the two against each other, and another plays
//! every row.

use super::Approval;

/// An operation that two persons must want, or one that another person looks at afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The operation.
    pub operation: &'static str,
    /// The commands that do it.
    pub commands: &'static [&'static str],
    /// Who begins it.
    pub initiates: &'static str,
    /// Who approves it.
    pub approves: &'static str,
    /// How the list of commands says that.
    pub approval: Approval,
    /// What stands besides.
    pub besides: &'static str,
}

const fn row(
    (operation, commands): (&'static str, &'static [&'static str]),
    (initiates, approves, approval): (&'static str, &'static str, Approval),
    besides: &'static str,
) -> Row {
    Row { operation, commands, initiates, approves, approval, besides }
}

/// The table.
pub const TABLE: &[Row] = &[
    row(
        ("transfer, across a link or not", &["Transfer", "LinkTransfer"]),
        ("a person of the holder", "another one", Approval::ByRule),
        "to trusted accounts at once in working time, and by one person where the account says so; \
         to others within limits, after a delay, cancellable, all persons of the holder told",
    ),
    row(
        (
            "surrender, return of excess, retirement, purchase at the ceiling",
            &["Surrender", "ReturnExcess", "Retire", "BuyAtCeiling"],
        ),
        ("a person of the holder", "another one", Approval::ByRule),
        "one person where the account says so",
    ),
    row(
        (
            "deletion, return of a purchase, consignment, pledge, its end",
            &["Delete", "ReturnPurchase", "Consign", "LockUnits", "UnlockUnits"],
        ),
        (
            "a person of the holder; of the administrator for a legal hold",
            "another one",
            Approval::Two,
        ),
        "",
    ),
    row(
        (
            "trusted list, limit, one person suffices, closure asked",
            &["TrustAccount", "SetTransferLimit", "SetSinglePerson", "RequestClosure"],
        ),
        ("a person of the holder", "another one", Approval::Two),
        "an entry of the trusted list holds from 12:00 of the 4th working day on",
    ),
    row(
        ("new person, new rights", &["AppointPerson", "RestorePerson"]),
        ("a person of the party", "its administrator", Approval::Administrator),
        "it acts for accounts from 12:00 of the 4th working day on; surrender at once",
    ),
    row(
        ("party", &["RegisterParty"]),
        ("its administrator", "another person of it", Approval::ByRule),
        "the first party of a market registers itself",
    ),
    row(
        (
            "account, installation, operator, review, closing",
            &[
                "OpenAccount",
                "RegisterInstallation",
                "MergeInstallations",
                "ChangeOperator",
                "ReviewParty",
                "SetAccountStatus",
                "CloseAccount",
                "ClosureTransfer",
            ],
        ),
        ("national administrator", "another person of it", Approval::Two),
        "the holder's review is verified and not a year old",
    ),
    row(
        (
            "end of a freeze, compensating transaction",
            &["Unfreeze", "Reverse", "ReverseAllocation", "ResumeAccounts"],
        ),
        ("administrator", "an administrator of another body", Approval::OtherBody),
        "reason and evidence; a freeze itself takes one person, and another by the end of the next \
         working day",
    ),
    row(
        (
            "issue, cap, supply",
            &["Issue", "ImportHoldings", "SetCap", "CentralTransfer", "AdjustSupply"],
        ),
        ("national administrator", "another national person", Approval::Two),
        "issued never exceeds the cap; the shadow log checks it",
    ),
    row(
        (
            "site, issue of certificates and credits",
            &["RegisterSite", "IssueCertificates", "IssueCredits"],
        ),
        ("national administrator", "another national person", Approval::Two),
        "drawn from what an accredited verifier recorded; nothing is drawn twice",
    ),
    row(
        ("first transfer to another Party", &["FirstTransfer"]),
        (
            "administrator of the Party that issued the units",
            "administrator of the Party that acquires them",
            Approval::OtherParty,
        ),
        "both in one entry; a unit has exactly one",
    ),
    row(
        ("free allocation", &["UploadAllocation", "WithholdAllocation"]),
        ("national administrator", "another national person", Approval::Two),
        "deliveries follow the table and take one person",
    ),
    row(
        (
            "emissions and letters by authority",
            &["EstimateEmissions", "SetExclusion", "SetLastYear", "SetLetter", "AdvancePenalty"],
        ),
        ("national administrator", "another national person", Approval::Two),
        "",
    ),
    row(
        ("auction taken back", &["CancelAuction"]),
        ("national administrator", "another national person", Approval::Two),
        "",
    ),
    row(
        ("policy: chapter of a nation, calendar", &["AmendChapter", "DecreeHolidays"]),
        ("national administrator", "another national person", Approval::Two),
        "at once; calendars are only lengthened",
    ),
    row(
        ("policy: the whole", &["AdoptPolicy"]),
        ("regional administrator", "seven in ten of the nations", Approval::Nations),
        "no objection of a nation whose chapter changes; in force after the notice of the policy",
    ),
    row(
        ("policy: a link", &["AmendLink"]),
        ("administrator of either Party", "administrator of the other one", Approval::OtherParty),
        "at once",
    ),
    row(
        ("suspension of a link", &["SuspendLink"]),
        (
            "administrator of either Party, or the regional one",
            "another person of those",
            Approval::Two,
        ),
        "at once; units go home by it all the same, and what crossed is surrendered",
    ),
    row(
        ("trading that was halted goes on", &["ResumeTrading"]),
        (
            "administrator of the jurisdiction or party, or the regional one",
            "another person of those",
            Approval::Two,
        ),
        "one person halts it, at once; orders that wait can be cancelled",
    ),
    row(
        ("block trade", &["MakeBlockTrade"]),
        ("the seller or the buyer", "the other one", Approval::OtherParty),
        "delivered and paid at once; what stands in the other's way is not told",
    ),
    row(
        ("who settles with whom", &["SetSettlementClass", "SetCompatibility"]),
        (
            "administrator of the party, or of the jurisdiction",
            "another person of it",
            Approval::Two,
        ),
        "reasons and evidence; what trades from then on goes by it",
    ),
    row(
        ("resumption of a link", &["ResumeLink"]),
        (
            "administrator of either Party, or the regional one",
            "an administrator of another body",
            Approval::OtherBody,
        ),
        "",
    ),
    row(
        ("payment out of the market", &["AskPayment"]),
        ("a person of the party", "another one", Approval::ByRule),
        "to the party's own account that the bank knows; one person where money only comes in",
    ),
    row(
        ("payment void that was sent", &["VoidPayment"]),
        ("settlement bank", "another person of it", Approval::ByRule),
        "one of the party or the bank, as long as it is not sent",
    ),
    row(
        (
            "payment sent, deposit taken back, fixing",
            &["SendPayment", "ReturnDeposit", "PublishFixing"],
        ),
        ("settlement bank", "another person of it", Approval::Two),
        "a line of a statement is booked once, a fixing is published once",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{approval_of, kind_name};

    #[test]
    fn every_command_of_two_persons_stands_in_one_row_that_says_who_approves() {
        let all = (0..u16::MAX).filter_map(|it| Some((kind_name(it)?, approval_of(it)?)));
        for (name, approval) in all {
            let rows: Vec<_> = TABLE.iter().filter(|it| it.commands.contains(&name)).collect();
            let expected = usize::from(approval != Approval::One);
            assert_eq!(rows.len(), expected, "{name}");
            assert!(rows.iter().all(|it| it.approval == approval), "{name}: {approval:?}");
        }
        let known = |name: &&str| (0..u16::MAX).any(|it| kind_name(it) == Some(name));
        assert!(TABLE.iter().flat_map(|it| it.commands).all(known), "a command that is none");
    }
}
