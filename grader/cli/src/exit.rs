//! Exit statuses. They are part of the interface: scripts and CI depend on them.

/// All well: full marks, nothing found, everything there. Criteria without points don't
/// count, but for `check --strict`.
pub(crate) const OK: u8 = 0;
/// Not full marks, or something was found; of `predict`, a wrong answer, or none.
pub(crate) const FOUND: u8 = 1;
/// Wrong use: bad arguments, an unreadable or malformed file.
pub(crate) const USAGE: u8 = 2;
/// The environment can't do it: ptrace not permitted, no compiler.
pub(crate) const ENVIRONMENT: u8 = 3;
/// siglab failed.
pub(crate) const INTERNAL: u8 = 4;
/// `explore`: nothing was tried, so nothing is known. There was no moment at which a signal
/// could be tried, or no time.
pub(crate) const NOTHING_TRIED: u8 = 5;

// `siglab run` is like env(1), nohup(1) or timeout(1): its status is the program's. These
// are the cases in which there is none.

/// `run`: the program was found but can't be executed, or siglab can't control it: 32 bits.
pub(crate) const NOT_EXECUTABLE: u8 = 126;
/// `run`: the program was not found.
pub(crate) const NOT_FOUND: u8 = 127;
/// `run`: siglab ended the program: it was deadlocked or reached a limit. As if by
/// `SIGKILL`.
pub(crate) const ENDED: u8 = 128 + 9;

/// A signal ended the program (`run`), or siglab itself: 128 and the signal's number.
pub(crate) fn signalled(signal: siglab_model::Signal) -> u8 {
    128 + u8::try_from(signal.number()).unwrap_or_default()
}

/// What `siglab --help` says about exit statuses.
pub(crate) const HELP: &str = "\
Exit status:
  0  all well: full marks, everything there
  1  not full marks, or something was found; with check --strict, also advice;
     `predict`: an answer was wrong, or there was none
  2  wrong use: bad arguments, an unreadable or malformed file
  3  the environment can't do it: ptrace not permitted, no compiler
  4  internal error
  5  `explore`: nothing was tried, so nothing is known
  130, 143, 129  stopped by SIGINT, SIGTERM, SIGHUP

`siglab run` passes the program's exit status on, and exits with
  128+n  if signal number n killed the program
  137    if siglab ended the program: deadlock, or a limit was reached
  126    if the program can't be executed, or is a 32-bit program
  127    if the program isn't there
  2      also if --send or the script names a process that never existed
  2-4    otherwise as above
It stays that of the first process if others outlive it.";
