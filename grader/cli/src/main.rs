//! The `siglab` command.
fn main() {}
