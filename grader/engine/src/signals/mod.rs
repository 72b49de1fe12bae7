//! Signals on their way: generated, delivered, accepted; stops and ends that parents hear of.

mod children;
mod chosen;
pub(crate) mod deliver;
mod remainder;
pub(crate) mod room;
mod time_stamp;
mod timers;
pub(crate) mod waits;
