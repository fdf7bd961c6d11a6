//! Monitoring and reporting: what an installation emitted, source stream by source stream
//! (Regulation (EU) 2018/2066, Articles 24 to 26; IPCC 2006 Guidelines).

pub mod decimal;
pub mod factors;
pub mod gwp;
pub mod size;
pub mod stream;

pub use decimal::Decimal;
pub use factors::FactorSet;
pub use gwp::{Gas, GwpSet};
pub use stream::SourceStream;
