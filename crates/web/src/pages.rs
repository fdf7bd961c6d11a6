//! The pages: which address is which page. Each is a function from what is asked to a page.

pub mod about;
pub mod auctions;
pub mod coupled;
pub mod home;
pub mod installation;
pub mod jurisdiction;
pub mod markets;
pub mod policy;
pub mod records;
pub mod registry;
pub mod search;
pub mod simulator;

use crate::asked::{Address, Asked, Failure, Page};
use maud::Markup;

/// The part of a page that is fetched by itself, if the address is one of such a part.
pub fn fragment(asked: &mut Asked<'_, '_>) -> Option<Result<Markup, Failure>> {
    is_part(asked.address).then(|| simulator::fragment(asked))
}

/// Whether a page follows from more than the record: how far a rehearsal is.
pub fn is_moving(address: &Address) -> bool {
    address.path.starts_with("simulator/rehearsals/")
}

/// Whether a page follows from the time and the books, beside the lists.
pub fn is_of_now(address: &Address) -> bool {
    address.path.starts_with("markets")
}

/// Whether a page takes long to be made.
pub fn is_dear(address: &Address) -> bool {
    address.path.starts_with("simulator") && !is_moving(address)
}

/// Whether an address is that of a part.
pub fn is_part(address: &Address) -> bool {
    address.path == "simulator/results"
}

/// The page of an address.
pub fn page(asked: &mut Asked<'_, '_>) -> Result<Page, Failure> {
    let path = asked.address.path.clone();
    let parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    match parts.as_slice() {
        [] => home::page(asked),
        ["jurisdictions", code] => jurisdiction::page(asked, code),
        ["markets"] => markets::index(asked),
        ["markets", code, year] => markets::page(asked, (code, year, None)),
        ["markets", code, year, product] => markets::page(asked, (code, year, Some(product))),
        ["auctions"] => auctions::index(asked),
        ["auctions", number] => auctions::page(asked, number),
        ["coupled"] => coupled::index(asked),
        ["coupled", number] => coupled::page(asked, number),
        ["registry"] => registry::index(asked),
        ["registry", name] => registry::list(asked, name),
        ["installations", label] => installation::page(asked, label),
        ["policy"] => policy::in_force(asked),
        ["policy", hash] => policy::version(asked, hash),
        ["records"] => registry::list(asked, "records"),
        ["records", number] => records::page(asked, number),
        ["data"] => about::page(asked),
        ["search"] => search::page(asked),
        ["simulator"] => simulator::page(asked),
        ["simulator", "coalitions"] => simulator::coalitions(asked),
        ["simulator", "rehearsals", number] => simulator::rehearsal(asked, number),
        _ => Err(Failure::NotFound),
    }
}
