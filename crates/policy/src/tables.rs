//! The project's own tables beside that of installations: countries, and measures.

use crate::measures::Measures;
use crate::nations::Nations;
use crate::plants::{BadRow, PlantRow};
use crate::{measures, nations};

/// What a world is made from beside a policy: installations, and the other tables.
pub type Data<'a> = (&'a [PlantRow], &'a Tables);

/// What they hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// Countries.
    pub nations: Nations,
    /// What can be done about emissions, and what fuel costs.
    pub measures: Measures,
}

impl Tables {
    /// The tables as text.
    pub fn texts() -> impl Iterator<Item = &'static str> {
        nations::TABLES.into_iter().chain(measures::TABLES)
    }

    /// Reads them; all mistakes at once.
    pub fn shipped() -> Result<Self, Vec<BadRow>> {
        match (Nations::read(nations::TABLES), Measures::read(measures::TABLES)) {
            (Ok(nations), Ok(measures)) => Ok(Self { nations, measures }),
            (nations, measures) => {
                let bad = nations.err().into_iter().chain(measures.err());
                Err(bad.flatten().collect())
            }
        }
    }
}
