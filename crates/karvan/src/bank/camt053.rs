//! ISO 20022 camt.053, the bank's statement: of each statement its currency, the booked balances at
//! its start and end, and its booked entries. An entry that gathers several payments is taken
//! payment by payment. Whatever version of the message, the parts that are read have been the same
//! since camt.053.001.02; namespaces are not looked at. All mistakes are named, with their lines.

use super::statement::{Statement, names};
use crate::calc::input;
use anyhow::{Context, Result, bail};
use karvan_core::calendar::Day;
use karvan_core::cash::book_statement::{Names, StatementLine};
use karvan_core::id::BankReference;
use karvan_core::quantity::Money;
use roxmltree::{Document, Node, ParsingOptions};

/// A message has at most so many nodes.
const NODES_MAX: u32 = 2_000_000;
/// The longest reference, see [`BankReference`].
const REFERENCE_MAX: usize = 35;
/// At most so many mistakes are named.
const MISTAKES_MAX: usize = 50;

/// Reads all statements of a message.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Statement>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..Default::default() };
    let text = text.trim_start_matches('\u{feff}');
    let document =
        Document::parse_with_options(text, options).with_context(|| format!("{name} is no XML"))?;
    let mut reader = Reader { document: &document, currency: "", mistakes: Vec::new() };
    let message = child(document.root_element(), "BkToCstmrStmt");
    let statements: Vec<_> = message.iter().flat_map(|it| children(*it, "Stmt")).collect();
    if statements.is_empty() {
        bail!("{name} is no camt.053 message: it has no BkToCstmrStmt with a Stmt");
    }
    let read: Vec<_> = statements.into_iter().map(|it| reader.statement(it)).collect();
    match reader.mistakes.as_slice() {
        [] => Ok(read.into_iter().flatten().collect()),
        all => bail!("{name} has {} mistakes:\n  {}", all.len(), all.join("\n  ")),
    }
}

fn children<'a>(node: Node<'a, 'a>, name: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |it| it.is_element() && it.tag_name().name() == name)
}

fn child<'a>(node: Node<'a, 'a>, name: &'a str) -> Option<Node<'a, 'a>> {
    children(node, name).next()
}

/// The node at the end of a path such as Acct/Ccy.
fn at<'a>(node: Node<'a, 'a>, path: &'a str) -> Option<Node<'a, 'a>> {
    path.split('/').try_fold(node, child)
}

fn text<'a>(node: Node<'a, 'a>, path: &'a str) -> Option<&'a str> {
    at(node, path)?.text().map(str::trim).filter(|it| !it.is_empty())
}

struct Reader<'a> {
    document: &'a Document<'a>,
    /// The currency of the statement's account.
    currency: &'a str,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&mut self, node: Node<'a, 'a>, what: &str) -> Option<T> {
        if self.mistakes.len() < MISTAKES_MAX {
            let line = self.document.text_pos_at(node.range().start).row;
            self.mistakes.push(format!("line {line}: {} {what}", node.tag_name().name()));
        }
        None
    }

    fn statement(&mut self, node: Node<'a, 'a>) -> Option<Statement> {
        let opening = self.balance(node, &["OPBD", "PRCD"]);
        let closing = self.balance(node, &["CLBD"]);
        let (opening, currency, _) = opening?;
        let (closing, other, day) = closing?;
        self.currency = text(node, "Acct/Ccy").unwrap_or(currency);
        if [currency, other].iter().any(|it| *it != self.currency) {
            return self.wrong(node, "has balances in another currency than its account");
        }
        let mut lines = Vec::new();
        let mut pending = 0;
        for entry in children(node, "Ntry") {
            let status = text(entry, "Sts/Cd").or_else(|| text(entry, "Sts"));
            let status = status.or_else(|| text(entry, "Sts/Prtry"));
            match status {
                Some("BOOK") | None => self.entry(entry, &mut lines),
                Some("PDNG" | "INFO" | "FUTR") => pending += 1,
                Some(other) => {
                    self.wrong::<()>(entry, &format!("has the status {other}; BOOK is booked"));
                }
            }
        }
        let currency = self.currency.to_owned();
        Some(Statement { currency, day, opening, closing, lines, pending })
    }

    /// The last balance of one of these kinds: amount, currency, day.
    fn balance(&mut self, node: Node<'a, 'a>, kinds: &[&str]) -> Option<(Money, &'a str, Day)> {
        let of_kind =
            |it: &Node<'a, 'a>| text(*it, "Tp/CdOrPrtry/Cd").is_some_and(|it| kinds.contains(&it));
        let Some(balance) = children(node, "Bal").filter(of_kind).last() else {
            return self.wrong(node, &format!("has no balance {}", kinds.join(" or ")));
        };
        let amount = self.amount(balance, "Amt");
        let day = text(balance, "Dt/Dt").or_else(|| text(balance, "Dt/DtTm"));
        let day = day.and_then(|it| it.get(..10)).and_then(input::day);
        if day.is_none() {
            return self.wrong(balance, "has no day such as 2028-02-01");
        }
        let (amount, currency) = amount?;
        Some((amount, currency, day?))
    }

    /// An amount with its sign and currency.
    fn amount(&mut self, node: Node<'a, 'a>, path: &'a str) -> Option<(Money, &'a str)> {
        let Some(place) = at(node, path) else {
            return self.wrong(node, &format!("has no {path}"));
        };
        let written = place.text().unwrap_or_default().trim();
        // More decimals than cents have are allowed where they are zeros.
        let (whole, rest) = written.split_once('.').unwrap_or((written, ""));
        let short = rest.get(2..).is_some_and(|it| it.bytes().all(|it| it == b'0'));
        let written_short = if short { written.get(..whole.len() + 3) } else { Some(written) };
        let cents = written_short.and_then(input::cents).filter(|it| *it >= 0);
        let Some(cents) = cents else {
            return self.wrong(place, &format!("is \"{written}\", no amount in hundredths"));
        };
        let Some(currency) = place.attribute("Ccy") else {
            return self.wrong(place, "has no currency Ccy");
        };
        match text(node, "CdtDbtInd") {
            Some("CRDT") => Some((Money(cents), currency)),
            Some("DBIT") => Some((Money(-cents), currency)),
            _ => self.wrong(node, "has no CdtDbtInd; it is CRDT for what comes in, or DBIT"),
        }
    }

    /// The lines of an entry: one, or each payment that it gathers.
    fn entry(&mut self, entry: Node<'a, 'a>, lines: &mut Vec<StatementLine>) {
        let Some((amount, currency)) = self.amount(entry, "Amt") else { return };
        if currency != self.currency {
            let what = format!("is in {currency}, and the account in {}", self.currency);
            self.wrong::<()>(entry, &what);
            return;
        }
        let payments: Vec<_> =
            children(entry, "NtryDtls").flat_map(|it| children(it, "TxDtls")).collect();
        let own = text(entry, "AcctSvcrRef");
        if let [] | [_] = payments.as_slice() {
            let inner = payments.first().and_then(|it| text(*it, "Refs/AcctSvcrRef"));
            let reference = own.or(inner).or_else(|| text(entry, "NtryRef")).map(str::to_owned);
            let whose = payments.first().map_or(Names::Nobody, |it| remittance(*it));
            self.line(entry, (reference, amount, whose), lines);
            return;
        }
        let mut sum = Some(Money::ZERO);
        for (number, payment) in payments.into_iter().enumerate() {
            let Some(part) = self.part(payment, amount) else { continue };
            sum = sum.and_then(|sum| sum.checked_add(part));
            let reference = text(payment, "Refs/AcctSvcrRef").map(str::to_owned);
            let gathered = || {
                let number = format!("/{}", number + 1);
                let room = REFERENCE_MAX.saturating_sub(number.len());
                own.map(|it| it.chars().take(room).chain(number.chars()).collect())
            };
            self.line(payment, (reference.or_else(gathered), part, remittance(payment)), lines);
        }
        if sum != Some(amount) {
            let sum = sum.map_or("more than can be".to_owned(), |it| it.to_string());
            self.wrong::<()>(entry, &format!("is of {amount}, and its payments of {sum}"));
        }
    }

    /// The amount of a payment within an entry; its direction is the entry's unless it says so.
    fn part(&mut self, payment: Node<'a, 'a>, entry: Money) -> Option<Money> {
        let path = ["Amt", "AmtDtls/TxAmt/Amt"].into_iter().find(|it| at(payment, it).is_some());
        let Some(path) = path else {
            return self.wrong(payment, "has no amount, and the entry has several");
        };
        if text(payment, "CdtDbtInd").is_some() {
            return self.amount(payment, path).map(|it| it.0);
        }
        let written = text(payment, path).and_then(input::cents);
        match written {
            Some(cents) if entry < Money::ZERO => Some(Money(-cents)),
            Some(cents) => Some(Money(cents)),
            None => self.wrong(payment, "has no amount in hundredths"),
        }
    }

    fn line(
        &mut self,
        node: Node<'a, 'a>,
        (reference, amount, names): (Option<String>, Money, Names),
        lines: &mut Vec<StatementLine>,
    ) {
        // Banks write entries of nothing, such as a fee that was let off.
        if amount == Money::ZERO {
            return;
        }
        let Some(reference) = reference else {
            self.wrong::<()>(node, "has no reference of the bank (AcctSvcrRef)");
            return;
        };
        // Banks write spaces into references; what is told apart by them alone is one.
        let joined = reference.split_whitespace().collect::<Vec<_>>().join("_");
        match BankReference::new(&joined) {
            Some(reference) => {
                lines.push(StatementLine { reference, amount, names });
            }
            None => {
                let what = format!("has the reference \"{reference}\"; allowed are 35 characters");
                self.wrong::<()>(node, &what);
            }
        }
    }
}

/// Whose a payment is: its structured reference says so, its end-to-end reference, or what its
/// payer wrote, in this order and each by itself.
fn remittance(payment: Node<'_, '_>) -> Names {
    let fields = ["Ref", "EndToEndId", "Ustrd"].into_iter();
    let fields = fields.flat_map(|name| {
        payment.descendants().filter(move |it| it.is_element() && it.tag_name().name() == name)
    });
    let named = fields.filter_map(|it| it.text()).map(names);
    named.into_iter().find(|it| *it != Names::Nobody).unwrap_or(Names::Nobody)
}

#[cfg(test)]
mod tests {
    use super::*;
    use karvan_core::cash::creditor_reference::Named;
    use karvan_core::id::{CashAccountId, PaymentId};
    use proptest::prelude::*;

    fn message(entries: &str) -> String {
        let balance = |kind: &str, amount: &str, day: &str| {
            format!(
                "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>\
                 <Amt Ccy=\"SEK\">{amount}</Amt>\
                 <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
            )
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt>\
             <GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S1</Id><Acct><Ccy>SEK</Ccy></Acct>{}{}\n\
             {entries}</Stmt></BkToCstmrStmt></Document>",
            balance("OPBD", "500000", "2010-10-15"),
            balance("CLBD", "435678.50", "2010-10-18"),
        )
    }

    fn entry(amount: &str, way: &str, rest: &str) -> String {
        format!(
            "<Ntry><Amt Ccy=\"SEK\">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts>BOOK</Sts>\
             {rest}</Ntry>\n"
        )
    }

    /// The figures are those of the example in the definition of the message (ISO 20022, Bank-to-
    /// Customer Cash Management): 500,000 and 105,678.50 and 30,000 less 200,000 are 435,678.50.
    #[test]
    fn the_standard_s_own_figures_add_up() {
        let entries = [
            entry("105678.50", "CRDT", "<AcctSvcrRef>AAAASESS-FP-CN_98765/01</AcctSvcrRef>"),
            entry("200000", "DBIT", "<AcctSvcrRef>AAAASESS-FP-ACCR-01</AcctSvcrRef>"),
            entry("30000", "CRDT", "<AcctSvcrRef>AAAASESS-FP-CONF-FX</AcctSvcrRef>"),
        ];
        let read = read("it", &message(&entries.concat())).expect("a message");
        let [it] = read.as_slice() else { panic!("one statement") };
        assert_eq!((it.currency.as_str(), it.day.to_string().as_str()), ("SEK", "2010-10-18"));
        let sum: Money = it.lines.iter().map(|it| it.amount).sum();
        assert_eq!(it.opening + sum, it.closing);
        assert_eq!(it.closing, Money(43_567_850));
        assert!(it.lines.iter().all(|it| it.names == Names::Nobody));
        assert_eq!(it.lines[0].reference.as_str(), "AAAASESS-FP-CN_98765/01");
    }

    #[test]
    fn an_entry_is_taken_payment_by_payment_and_each_says_whose_it_is() {
        let (account, payment) = (Named::Account(CashAccountId(7)), Named::Payment(PaymentId(3)));
        let details = format!(
            "<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><Amt Ccy=\"SEK\">1.50</Amt>\
             <RmtInf><Strd><CdtrRefInf><Ref>{account}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>\
             <TxDtls><Refs><AcctSvcrRef>B 2</AcctSvcrRef></Refs><AmtDtls><TxAmt>\
             <Amt Ccy=\"SEK\">2.5</Amt></TxAmt></AmtDtls><RmtInf><Ustrd>thanks, {payment}</Ustrd>\
             </RmtInf></TxDtls></NtryDtls>"
        );
        let single = format!(
            "<NtryRef>9</NtryRef><NtryDtls><TxDtls><Refs><EndToEndId>{payment}</EndToEndId></Refs>\
             </TxDtls></NtryDtls>"
        );
        let pending = "<Ntry><Sts><Cd>PDNG</Cd></Sts></Ntry>".to_owned();
        let all = [entry("4.00", "CRDT", &details), entry("7.00", "DBIT", &single), pending];
        let read = read("it", &message(&all.concat())).expect("a message");
        let it = &read[0];
        let lines: Vec<_> =
            it.lines.iter().map(|it| (it.reference.to_string(), it.amount.0, it.names)).collect();
        assert_eq!(
            lines,
            [
                ("B1/1".to_owned(), 150, Names::Account(CashAccountId(7))),
                ("B_2".to_owned(), 250, Names::Payment(PaymentId(3))),
                ("9".to_owned(), -700, Names::Payment(PaymentId(3))),
            ]
        );
        assert_eq!(it.pending, 1);
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let gathered = "<NtryDtls><TxDtls><Amt Ccy=\"SEK\">1</Amt></TxDtls><TxDtls/></NtryDtls>";
        let entries = [
            entry("x", "CRDT", ""),
            entry("1.005", "CRDT", "<AcctSvcrRef>1</AcctSvcrRef>"),
            entry("1.000", "HALF", "<AcctSvcrRef>1</AcctSvcrRef>"),
            entry("1", "CRDT", ""),
            entry("3", "CRDT", gathered),
        ];
        let said = read("F.xml", &message(&entries.concat())).err().expect("mistakes").to_string();
        for part in [
            "F.xml has 7 mistakes",
            "line 3: Amt is \"x\", no amount",
            "line 4: Amt is \"1.005\"",
            "line 5: Ntry has no CdtDbtInd",
            "line 6: Ntry has no reference",
            "line 7: TxDtls has no reference",
            "line 7: TxDtls has no amount",
            "line 7: Ntry is of 3.00, and its payments of 1.00",
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(read("F.xml", "<Document/>").is_err());
        let bomb =
            "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Document>&b;</Document>";
        assert!(read("F.xml", bomb).is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_file_holds_is_read_or_refused(
            cut in 0usize..1_200, put in "[<>/A-Za-z0-9 \"=.]{0,12}",
        ) {
            let whole = message(&entry("1.00", "CRDT", "<AcctSvcrRef>1</AcctSvcrRef>"));
            let cut = cut.min(whole.len());
            let _read = read("it", &format!("{}{put}{}", &whole[..cut], &whole[cut..]));
        }
    }
}
