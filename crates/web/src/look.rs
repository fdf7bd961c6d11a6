//! What pages are made of: the frame, tables, charts, the map. Classes are those of
//! `assets/karvan.css`.

pub mod chart;
pub mod frame;
pub mod map;
mod projection;
pub mod table;
