//! Reports of hand-made traces and results.

mod results;
mod timelines;
