//! Results of interrupted calls.

/// Kernel-internal results of an interrupted call: include/linux/errno.h.
pub(crate) const ERESTARTSYS: i64 = -512;
pub(crate) const ERESTARTNOINTR: i64 = -513;
pub(crate) const ERESTARTNOHAND: i64 = -514;
pub(crate) const ERESTART_RESTARTBLOCK: i64 = -516;
pub(crate) const EINTR: i64 = -(libc::EINTR as i64);
