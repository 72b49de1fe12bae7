//! Signals on their way: generated, delivered, accepted; stops and ends that parents hear of.

pub(crate) mod deliver;
mod time_stamp;
mod timers;
