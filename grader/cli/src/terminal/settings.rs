//! The settings of siglab's own terminal: made raw, and put back.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// As they were before.
static BEFORE: OnceLock<libc::termios> = OnceLock::new();

/// Whether the terminal is raw because of siglab.
static IS_RAW: AtomicBool = AtomicBool::new(false);

/// Makes the terminal raw: every key comes as it is, at once, and output isn't changed. In the
/// background, that stops siglab until it is in the foreground.
pub(super) fn make_raw() -> io::Result<()> {
    let before = tcgetattr(io::stdin())?;
    let before = BEFORE.get_or_init(|| before.into());
    IS_RAW.store(true, Ordering::Relaxed);
    let mut raw = Termios::from(*before);
    cfmakeraw(&mut raw);
    Ok(tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)?)
}

/// Makes it raw if it was, and somebody else has changed it.
pub(super) fn make_raw_again() {
    if IS_RAW.load(Ordering::Relaxed) {
        // The terminal may be gone: whoever reads it notices that.
        let _ = make_raw();
    }
}

/// Puts the settings back, if they were changed. Async-signal-safe: an atomic, tcgetpgrp(3),
/// getpgrp(3) and tcsetattr(3), with a value on the stack; the handle of standard input was made when
/// the terminal was made raw.
pub(crate) fn restore() {
    if !IS_RAW.swap(false, Ordering::Relaxed) {
        return;
    }
    let Some(before) = BEFORE.get() else { return };
    // In the background, they are those of whoever is in the foreground.
    if tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != getpgrp()) {
        return;
    }
    // Should the terminal be gone, there is nothing to put back.
    let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &Termios::from(*before));
}
