//! What is known of a handler that is followed.

use std::sync::Arc;

use siglab_model::Signal;

use crate::inspect::code::Code;
use crate::kernel::sys::{Pid, memory};

/// A handler that is followed.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) signal: Signal,
    /// The stack pointer at its first instruction.
    pub(crate) sp: u64,
    /// Whether its first instruction was looked at.
    pub(crate) entered: bool,
    /// The library that the handler is of, if it isn't the program's own.
    pub(crate) home: Option<Arc<str>>,
    /// The errno that it found, and where it is kept.
    pub(crate) errno: Option<(u64, i32)>,
    /// The call that it has made out of the program's own code.
    pub(crate) call: Option<Open>,
    /// The last function that a stub of the program led to.
    pub(crate) through: Option<Arc<str>>,
}

/// A call of a library's function that hasn't returned.
#[derive(Debug)]
pub(crate) struct Open {
    /// The stack pointer at its first instruction.
    pub(crate) sp: u64,
    pub(crate) name: String,
    /// Nothing in it is judged any more.
    pub(crate) judged: bool,
    /// Of a library that was compiled into the program: what that calls counts.
    pub(crate) built_in: bool,
    /// Where it returns to, if that is known.
    pub(crate) back: Option<u64>,
    /// A safe call within a compiled-in library's function: the stack pointer at its first
    /// instruction, and where it returns to.
    pub(crate) within: Option<(u64, Option<u64>)>,
}

impl Context {
    /// Where the call returns to that it is in, if nothing in there is judged any more.
    pub(crate) fn passes_over(&self, sp: u64) -> Option<u64> {
        let call = self.call.as_ref()?;
        match call.within {
            _ if call.judged => call.back,
            Some((at, back)) if sp <= at => back,
            _ => None,
        }
    }
}

/// Where the function returns to whose first instruction this is: the address is on top of
/// the stack then, by the calling convention.
pub(crate) fn back_from(tid: Pid, code: &Code, sp: u64) -> Option<u64> {
    code.begins_function
        .then(|| memory::read::<u64>(tid, sp).ok())
        .flatten()
}

/// Names of Rust's own functions that a handler must not call, whatever they do in this
/// run: they may allocate, lock, or panic.
pub(crate) fn is_unsafe_in_rust(name: &str) -> bool {
    [
        "std::io::stdio::",
        "::alloc::alloc",
        "__rust_alloc",
        "__rdl_alloc",
        "__rust_dealloc",
        "__rdl_dealloc",
        "__rust_realloc",
        "::panicking::panic",
        "::panicking::begin_panic",
        "_fail",
        "std::sync::poison::mutex",
        "std::sync::mutex",
        "std::sync::poison::rwlock",
        "std::sync::rwlock",
        "std::sync::poison::condvar",
        "std::sync::mpsc",
        "std::sync::mpmc",
        "std::sys::sync::mutex",
        "std::sys::sync::rwlock",
        "std::sys::sync::once::",
        "std::process::exit",
        "std::env::",
        "std::thread::spawn",
        "std::thread::sleep",
    ]
    .iter()
    .any(|part| name.contains(part))
        && !name.contains("unlikely")
}
