//! All end-to-end tests, in one binary.

mod containment;
mod corpus;
mod determinism;
mod explore;
mod explore_corpus;
mod failed;
mod host;
mod inits;
mod lines;
mod loops;
mod oracle;
mod processes;
mod restarts;
mod samples;
mod sandbox;
mod scenarios;
mod shells;
mod snippets;
mod strace;
mod survival;
mod terminal;
mod time;
