//! Looking at a program: names, stacks, instructions, and what is known of each.

pub(crate) mod breakpoint;
pub(crate) mod code;
pub(crate) mod debug_info;
pub(crate) mod follower;
pub(crate) mod handler;
mod metered;
pub(crate) mod round;
pub(crate) mod symbols;
#[cfg(test)]
mod tests;
pub(crate) mod unwind;
mod unwind_table;
