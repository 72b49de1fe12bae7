//! What to run.

use std::ffi::OsString;
use std::path::PathBuf;

/// A program to run, with its arguments and surroundings.
#[derive(Clone, Debug)]
pub struct Command {
    /// The executable file. A name without a slash is not looked up in `PATH`.
    pub program: PathBuf,
    /// The name that it is told it was started by, `argv[0]`: what somebody typed. That of
    /// the file if absent.
    pub name: Option<OsString>,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
    /// Its environment.
    pub env: Environment,
    /// Its working directory; siglab's if absent.
    pub dir: Option<PathBuf>,
    /// Where its standard streams lead.
    pub stdio: Stdio,
    /// With [`Stdio::Capture`]: whether standard input is a pipe that stays open though no step of
    /// the script uses it.
    pub stdin_stays_open: bool,
}

impl Command {
    /// `program` without arguments, in a fixed environment, with captured output.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            name: None,
            args: Vec::new(),
            env: Environment::Fixed,
            dir: None,
            stdio: Stdio::Capture,
            stdin_stays_open: false,
        }
    }

    /// With these arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }
}

/// A program's environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environment {
    /// The same small set everywhere: `PATH`, `HOME`, `LANG=C.UTF-8`, `TERM=dumb` or, on
    /// a terminal, `xterm`, and `ASAN_OPTIONS=detect_leaks=0` (LeakSanitizer can't run
    /// under ptrace).
    Fixed,
    /// siglab's own.
    Inherit,
}

/// Where a program's standard streams lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// Output is only recorded; standard input is empty, or a pipe if the script uses it.
    Capture,
    /// Output is recorded and also written to siglab's own standard output and standard
    /// error; standard input is siglab's own. Each output that is a terminal is one for
    /// the program, too.
    PassThrough,
    /// All three are a new pseudo-terminal, which is also the controlling terminal; the
    /// program is in its foreground process group.
    Terminal {
        /// Rows of the window.
        rows: u16,
        /// Columns of the window.
        columns: u16,
    },
    /// The same, and all that appears there is also written to siglab's own standard output. A
    /// person can type at it: [`crate::Options::keyboard`].
    ShownTerminal {
        /// Rows of the window.
        rows: u16,
        /// Columns of the window.
        columns: u16,
    },
}

impl Stdio {
    /// Whether they are a terminal of the program's own.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Terminal { .. } | Self::ShownTerminal { .. })
    }
}
