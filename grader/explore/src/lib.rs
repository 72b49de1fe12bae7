//! Tries every moment at which a signal can hurt a program, and says what goes wrong.
//!
//! [`explore`] follows a program instruction by instruction to find its moments, runs it
//! again for each of them with a signal injected there, judges each run against the one
//! without, and gives one [`Finding`] for each distinct cause, with a [`Witness`] that
//! [`replay`] reproduces. [`outcomes`] tries orders of scheduling instead of moments.
//!
//! The engine does the running, the trace says what happened; here are only the choice of
//! what to try and the judgement.

#![forbid(unsafe_code)]

mod baseline;
mod error;
mod explore;
mod finding;
mod group;
mod judge;
mod map;
mod options;
mod outcomes;
mod output;
mod parallel;
mod phases;
mod preempt;
mod stack;
mod subject;
mod trial;
mod windows;
mod witness;
mod words;

pub use error::ExploreError;
pub use explore::{explore, explore_with};
pub use finding::{
    Conclusion, Counts, EXPLORE_SCHEMA, Exploration, Finding, FindingKind, Hazards, Outcome,
    Outcomes,
};
pub use options::{Broken, Budget, Demand, ExploreOptions, Progress, Silent, Strategy};
pub use outcomes::outcomes;
pub use witness::{Replayed, WITNESS_SCHEMA, Window, Witness, replay};
