//! The portal and the API of the market: parse, authenticate, render.
//!
//! In here there is no rule of the market, no SQL text and no way into the journal but
//! [`karvan_engine::Engine::submit`]. Pages and lists read the views ([`karvan_views::shared`]);
//! what waits in the books is read from the engine's follower. Every answer names the record it
//! shows. A page is a function from what is asked to markup ([`pages`]); what pages are made of is
//! in [`look`], what they say in [`texts`], how they write numbers in [`figures`].
//!
//! [`app`] can be called without a socket; [`serve`] is the socket.

pub mod api;
pub mod app;
pub mod asked;
pub mod assets;
pub mod cache;
pub mod catalogue;
pub mod documents;
pub mod figures;
pub mod live;
pub mod look;
pub mod metrics;
pub mod pages;
pub mod rehearsals;
pub mod scenario;
pub mod serve;
pub mod texts;

pub use app::{App, Settings};
pub use documents::Documents;
