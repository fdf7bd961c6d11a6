//! Kinds of accounts: what each is for, and what follows from that.

use minicbor::{Decode, Encode};

macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident = $n:literal, $code:literal, $name:literal, $class:ident
    );+ $(;)?) => {
        /// What an account is for (after Regulation (EU) 2019/1122, Annex I).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
        #[cbor(index_only)]
        pub enum AccountKind {
            $($(#[$doc])* #[n($n)] $kind),+
        }

        impl AccountKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The type code in account numbers.
            pub fn code(self) -> u16 {
                match self { $(Self::$kind => $code),+ }
            }

            /// The kind in words.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            fn class(self) -> Class {
                match self { $(Self::$kind => Class::$class),+ }
            }
        }
    };
}

/// Who holds an account, and whether units end in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A jurisdiction's administrator, one of each kind.
    Government,
    /// The same, and nothing ever leaves it but by a reversal.
    End,
    /// The regional administrator, one for each pair of jurisdictions and direction.
    Link,
    /// A participant.
    Holder,
}

kinds! {
    /// Where units are issued.
    TotalQuantity = 0, 201, "total quantity", Government;
    /// From where free allocation is delivered.
    Allocation = 1, 202, "allocation", Government;
    /// For new entrants.
    NewEntrants = 2, 203, "new entrants", Government;
    /// From where auctions deliver.
    Auction = 3, 204, "auction", Government;
    /// Where surrendered units stay.
    Surrender = 4, 301, "surrender", End;
    /// Where deleted and expired units stay.
    Deletion = 5, 302, "deletion", End;
    /// An operator's, bound to one installation.
    Operator = 6, 100, "operator", Holder;
    /// A trader's.
    Trading = 7, 110, "trading", Holder;
    /// Units that the supply adjustment took out of the market.
    Stability = 8, 205, "stability", Government;
    /// A government's units in no other use, such as those of closed accounts.
    GeneralHolding = 9, 206, "general holding", Government;
    /// Receives what a bidder bought, and gives back what it must.
    AuctionDelivery = 10, 120, "auction delivery", Holder;
    /// A project's credits and certificates.
    Project = 11, 130, "project", Holder;
    /// Where retired credits and cancelled certificates stay.
    Retirement = 12, 303, "retirement", End;
    /// Where units wait whose place another jurisdiction's market took: one for each pair of
    /// jurisdictions and direction, held by the regional administrator.
    LinkEscrow = 13, 401, "link escrow", Link;
}

impl AccountKind {
    /// Whether an administrator holds it.
    pub fn is_government(self) -> bool {
        self.class() != Class::Holder
    }

    /// Whether units end in it.
    pub fn ends_units(self) -> bool {
        self.class() == Class::End
    }

    /// Whether nobody has the units in it at his disposal: they ended, or wait for link units to
    /// come home.
    pub fn is_final(self) -> bool {
        self.ends_units() || self == Self::LinkEscrow
    }

    /// Whether its holder may delete units of its own will.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Operator | Self::Trading)
    }

    /// Whether its holder bids and trades with it.
    pub fn trades(self) -> bool {
        self.transfers() && !self.is_government()
    }

    /// Whether its holder transfers units out of it, and receives transfers (general holding,
    /// operator, trading, auction delivery and project accounts).
    pub fn transfers(self) -> bool {
        use AccountKind::{AuctionDelivery, GeneralHolding, Operator, Project, Trading};
        matches!(self, GeneralHolding | Operator | Trading | AuctionDelivery | Project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_code_and_a_name_of_its_own() {
        let codes: BTreeSet<u16> = AccountKind::ALL.iter().map(|it| it.code()).collect();
        let names: BTreeSet<&str> = AccountKind::ALL.iter().map(|it| it.name()).collect();
        assert_eq!((codes.len(), names.len()), (AccountKind::ALL.len(), AccountKind::ALL.len()));
        assert!(codes.iter().all(|it| (100..1_000).contains(it)), "a code has three digits");
    }
}
