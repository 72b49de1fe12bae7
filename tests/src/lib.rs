//! Helpers for siglab's end-to-end tests: building small programs, running them natively
//! and under the engine.

pub mod build;
pub mod class;
pub mod confined;
pub mod corpus;
pub mod explore_corpus;
pub mod oracle;
pub mod own_process;
pub mod ports;
pub mod random;
pub mod solutions;
pub mod strace;
pub mod surroundings;
pub mod turn;
pub mod twin;
