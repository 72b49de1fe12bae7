//! Runs a program under virtual time and scripted signals, one thread at a time, and
//! records what happened as a [`Trace`](siglab_model::Trace).
//!
//! ```no_run
//! use siglab_engine::{Command, Options, Script, run};
//! use siglab_model::{Signal, Time};
//!
//! let script = Script::default().send_at(Time::from_nanos(400_000_000), Signal::INT, "main");
//! let trace = run(&Command::new("./simple_handler"), &script, &Options::default())?;
//! println!("{}", trace.to_jsonl());
//! # Ok::<(), siglab_engine::Error>(())
//! ```

mod arch;
mod branch;
mod calls;
mod clock;
mod code;
mod command;
mod deadlock;
mod deliver;
mod drive;
mod error;
mod expected;
mod fault;
mod follow;
mod handler_calls;
mod info;
mod inject;
mod lifecycle;
mod meter;
mod options;
mod recorder;
mod round;
mod run;
mod schedule;
mod script;
mod script_run;
mod spin;
mod stack;
mod start;
mod stdio;
mod sys;
mod task;
mod timers;
mod unwind;

pub use arch::Touches;
pub use branch::Fork;
pub use command::{Command, Environment, Stdio};
pub use error::Error;
pub use follow::{Follow, FollowFrom, Followed, Likely, OnMoment, Seen, frames_at};
pub use options::{Cancel, Limits, Options};
pub use script::{Action, Key, Script, Step, When};
pub use start::{follow, follow_with, run};

/// The name of the system call with this number, as in a trace; whether a name is one.
#[must_use]
pub fn is_syscall(name: &str) -> bool {
    arch::syscall_number(name).is_some()
}
