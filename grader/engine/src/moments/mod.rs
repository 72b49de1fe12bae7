//! Following a program instruction by instruction, to find the moments at which a signal could
//! matter.

pub(crate) mod breakpoint;
mod copies;
mod follow;
mod handler_calls;
