//! The oracle: random programs that use signals, run natively, under the engine, and in the
//! model of the kernel's signal state (`siglab_model::kernel`). All three have to agree.
//!
//! A [`Program`] is a list of steps, each for one thread, one at a time. [`Player`] plays it
//! in the model and refuses steps after which more than one thread would run: so its outcome
//! is determined. [`generate`] makes programs out of random numbers. One C program,
//! `tests/programs/oracle/interpreter.c`, carries them out; `compare` runs it.
//!
//! docs/oracle.md has the whole picture.

mod compare;
mod generate;
mod player;
mod program;
mod user;

pub use compare::{Disagreement, Interpreter};
pub use generate::{Draw, generate};
pub use player::{Expected, Player, Undetermined};
pub use program::{How, Kind, Op, Program, Step};
