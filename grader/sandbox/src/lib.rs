//! Limits and isolation for programs that nobody trusts.
//!
//! So far this is the part of layer L0 that every run needs, trusted or not: a seccomp
//! filter that hands some system calls to a tracer and refuses others, and resource
//! limits. Both are prepared before a fork and applied after it, in the child, where only
//! async-signal-safe functions may be called.

mod filter;
mod limits;

pub use filter::{Condition, Filter, FilterError, Rule};
pub use limits::ResourceLimits;
