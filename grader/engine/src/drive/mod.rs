//! What happens next: the loop of a run, and how its tasks are driven from stop to stop.

pub(crate) mod branch;
mod inject;
mod instant;
mod interrupt;
mod lifecycle;
mod linger;
mod script;
mod settle;
mod spin;
pub(crate) mod start;
pub(crate) mod task;
pub(crate) mod turn;
mod typed;
