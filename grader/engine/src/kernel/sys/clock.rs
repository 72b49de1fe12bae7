//! The machine's clock.

use std::time::Instant;

/// The machine's clock: the one place where the engine reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "real time bounds a run and paces `--clock real`"
)]
pub(crate) fn real_now() -> Instant {
    Instant::now()
}
