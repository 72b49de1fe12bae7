//! Limits and isolation for programs that nobody trusts.
//!
//! Two things are here. For every run, trusted or not: a seccomp [`Filter`] that hands
//! some system calls to a tracer and refuses others, and [`ResourceLimits`]. Both are
//! prepared before a fork and applied after it, in the child, where only
//! async-signal-safe functions may be called.
//!
//! And for submissions of strangers a [`Sandbox`], in [layers](LayerId) of which each is
//! of use without the others:
//!
//! ```no_run
//! use siglab_sandbox::{Config, Entered, Sandbox, Wants};
//!
//! match Sandbox::enter(&Config::default())? {
//!     // Goes on in namespaces of its own, where the machine has them.
//!     Entered::Worker(sandbox) => {
//!         eprintln!("{}", sandbox.layers());
//!         let confinement = std::sync::Arc::new(sandbox.begin(&Wants::default())?);
//!         let mut command = std::process::Command::new("true");
//!         confinement.confine(&mut command);
//!         command.status()?;
//!     }
//!     // The worker has done its work.
//!     Entered::Outside(ended) => eprintln!("{ended:?}"),
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Limitations
//!
//! A hole in the kernel is a hole in the sandbox. docs/sandbox.md says what each layer
//! keeps out, and what none of them does.

mod cgroup;
mod confinement;
mod filter;
mod job;
mod landlock;
mod layers;
mod limits;
mod namespaces;
pub mod regular;
mod sandbox;
mod sys;
pub mod temporary;
mod uid;

pub use confinement::{Confinement, Wants};
pub use filter::{Condition, Filter, FilterError, Rule};
pub use job::Job;
pub use layers::{LayerId, Layers, State};
pub use limits::ResourceLimits;
pub use namespaces::Ended;
pub use sandbox::{Config, Entered, Sandbox};
pub use sys::process::own_signals;
pub use temporary::Temporary;
