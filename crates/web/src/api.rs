//! The interface for machines: lists, commands, and the document that describes them.

pub mod batch;
pub mod bids;
pub mod calendar;
pub mod commands;
pub mod desk;
pub mod forms;
pub mod keys;
pub mod lists;
pub mod openapi;
pub mod own;
pub mod problem;
pub mod reference;
pub mod signed;
pub mod simulation;

use crate::app::Shared;
use axum::Router;

/// Its routes.
pub fn router() -> Router<Shared> {
    reference::router()
        .merge(batch::router())
        .merge(bids::router())
        .merge(calendar::router())
        .merge(commands::router())
        .merge(simulation::router())
        .merge(own::router())
        .merge(lists::router())
}
