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

mod calls;
mod command;
mod drive;
mod error;
mod fault;
mod inspect;
mod kernel;
mod keyboard;
mod moments;
mod options;
mod script;
mod signals;
mod tracer;
mod world;

pub use command::{Command, Environment, Stdio};
pub use drive::branch::{Fork, OnMoment};
pub use drive::start::{follow, follow_with, run};
pub use error::Error;
pub use inspect::debug_info::{DebugInfo, Place};
pub use inspect::follower::{Follow, FollowFrom, Followed, Likely, Seen, frames_at};
pub use inspect::unwind::callers_at;
pub use kernel::arch::Touches;
pub use keyboard::Keyboard;
pub use options::{Cancel, Limits, Options};
pub use script::{Action, Key, Script, Step, When};

/// Whether a system call has this name, as in a trace.
#[must_use]
pub fn is_syscall(name: &str) -> bool {
    kernel::syscalls::Sys::named(name).is_some()
}
