//! The words that siglab's engine and its readers share: [`Signal`], [`SigSet`],
//! [`Disposition`], [`Event`], [`Trace`].
//!
//! Invariants: nothing here does I/O, reads a clock, or is `unsafe`. A [`Trace`] is
//! the single interface between the engine and everything after it.

#![forbid(unsafe_code)]

#[cfg(test)]
mod any_trace;
mod argument;
mod disposition;
mod event;
mod family;
pub mod kernel;
mod moment;
mod reach;
mod role;
pub mod safety;
mod signal;
mod sigset;
mod text;
mod time;
mod trace;
mod wait;

pub use argument::BadArgument;
pub use disposition::{DefaultAction, Disposition, HandlerFlags};
pub use event::{
    Action, BusyKind, Directed, Event, ForkHow, Frame, HandlerExit, Kind, LimitKind, MaskHow,
    ProcessStatus, SigInfo, Stream, Waiting,
};
pub use family::Family;
pub use moment::{Injection, Moment, Place};
pub use reach::{Outside, SendTarget, SentSignal, UnsafeFunction};
pub use role::{Role, Step};
pub use signal::{Signal, UnknownSignal};
pub use sigset::{BadSigSet, SigSet};
pub use time::{BadTime, Time};
pub use trace::{Clock, Header, Outcome, Policy, TRACE_SCHEMA, Trace, TraceError};
pub use wait::{FileKind, Lock, StdioStream, WaitFor, WaitResult};
