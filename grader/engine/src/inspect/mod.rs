//! Looking at a program: names, stacks, instructions, and what is known of each.

pub(crate) mod breakpoint;
pub(crate) mod code;
pub(crate) mod follower;
pub(crate) mod handler;
pub(crate) mod round;
pub(crate) mod symbols;
pub(crate) mod unwind;
mod unwind_table;
