//! All end-to-end tests, in one binary.

mod containment;
mod corpus;
mod determinism;
mod explore;
mod explore_corpus;
mod host;
mod loops;
mod oracle;
mod processes;
mod samples;
mod sandbox;
mod scenarios;
mod snippets;
mod strace;
mod survival;
mod time;
