//! Reports of hand-made traces and results.

mod cases;
mod class;
mod formats;
mod github;
mod readers;
mod results;
mod schemas;
mod timelines;
