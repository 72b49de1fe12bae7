//! Timelines: what happened in a run, as a picture that a person reads.
//!
//! `siglab run`, reports of grades and a lab's `cargo test` show the same pictures. So this knows
//! of nothing but a [`Trace`](siglab_model::Trace), and students compile little for it.

#![forbid(unsafe_code)]

pub mod escape;
pub mod style;
mod timeline;
#[cfg(feature = "wrap")]
mod wrap;

pub use timeline::words::count;
pub use timeline::{Timeline, TimelineOptions, sentence};
#[cfg(feature = "wrap")]
pub use wrap::wrap;

/// Whether text may hold more than ASCII, as the locale says: locale(7). Without any, a
/// terminal is taken to be a modern one.
#[must_use]
pub fn locale_has_unicode() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .is_none_or(|value| {
            let value = value.to_string_lossy().to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}
