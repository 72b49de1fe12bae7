//! The program's standard streams: pipes or a pseudo-terminal, and siglab's ends of them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::stat::fstat;
use nix::sys::termios::{
    InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr,
    tcsetattr,
};
use nix::unistd::isatty;
use siglab_model::{Signal, Stream};

use crate::command::Stdio;
use crate::kernel::sys::{Errno, Pid};
use crate::script::Key;

/// siglab's ends of the program's streams.
#[derive(Debug)]
pub(crate) struct Plumbing {
    sources: Vec<Source>,
    stdin: Option<File>,
    terminal: Option<Terminal>,
    /// Whether standard input is siglab's own, so that something from outside the run
    /// can wake a thread that reads it.
    pub(crate) external_stdin: bool,
    child_ends: Vec<OwnedFd>,
    stdio: [RawFd; 3],
}

#[derive(Debug)]
struct Source {
    stream: Stream,
    /// Closed once nobody reads what is passed on: the program then gets `SIGPIPE` or
    /// `EPIPE`, as it would without siglab in between.
    from: Option<File>,
    /// Whether `from` is the master of a pseudo-terminal.
    is_terminal: bool,
    forward: Option<OwnedFd>,
}

/// A pseudo-terminal that the script can type at.
#[derive(Debug)]
struct Terminal {
    master: File,
    /// Kept open, so that the terminal lives as long as the run, and because polling this
    /// side makes the kernel process what was typed (n_tty_poll flushes the queue).
    slave: OwnedFd,
    /// Whether the "literal next" character was typed last: the next one generates no signal.
    is_literal: bool,
}

fn context(what: &'static str) -> impl Fn(Errno) -> (&'static str, io::Error) {
    move |errno| (what, errno.into())
}

type Setup<T> = Result<T, (&'static str, io::Error)>;

impl Plumbing {
    /// Makes the streams. `feeds_stdin`: whether the script writes to standard input.
    pub(crate) fn new(stdio: Stdio, feeds_stdin: bool) -> Setup<Self> {
        let mut this = Self {
            sources: Vec::new(),
            stdin: None,
            terminal: None,
            external_stdin: false,
            child_ends: Vec::new(),
            stdio: [0; 3],
        };
        match stdio {
            Stdio::Capture => this.capture(feeds_stdin)?,
            Stdio::PassThrough => this.pass_through(feeds_stdin)?,
            Stdio::Terminal { rows, columns } => this.open_terminal(rows, columns, None)?,
            Stdio::ShownTerminal { rows, columns } => {
                let shown = io::stdout().as_fd().try_clone_to_owned();
                let shown = shown.map_err(|error| ("dup", error))?;
                this.open_terminal(rows, columns, Some(shown))?;
            }
        }
        Ok(this)
    }

    fn capture(&mut self, feeds_stdin: bool) -> Setup<()> {
        self.stdio[0] = if feeds_stdin {
            self.stdin_pipe()?
        } else {
            self.null()?
        };
        self.stdio[1] = self.output_pipe(Stream::Stdout, None)?;
        self.stdio[2] = self.output_pipe(Stream::Stderr, None)?;
        Ok(())
    }

    fn pass_through(&mut self, feeds_stdin: bool) -> Setup<()> {
        self.stdio[0] = if feeds_stdin { self.stdin_pipe()? } else { 0 };
        self.external_stdin = !feeds_stdin;
        let same = match (fstat(io::stdout()), fstat(io::stderr())) {
            (Ok(out), Ok(err)) => out.st_dev == err.st_dev && out.st_ino == err.st_ino,
            _ => false,
        };
        self.stdio[1] = self.forwarded(Stream::Stdout, io::stdout().as_fd())?;
        self.stdio[2] = if same {
            self.stdio[1]
        } else {
            self.forwarded(Stream::Stderr, io::stderr().as_fd())?
        };
        Ok(())
    }

    fn forwarded(&mut self, stream: Stream, to: std::os::fd::BorrowedFd<'_>) -> Setup<RawFd> {
        let copy = to.try_clone_to_owned().map_err(|error| ("dup", error))?;
        if !isatty(to).unwrap_or(false) {
            return self.output_pipe(stream, Some(copy));
        }
        let pair = openpty(None, None).map_err(context("openpty"))?;
        let mut settings = tcgetattr(&pair.slave).map_err(context("tcgetattr"))?;
        // The real terminal turns newlines into CR LF; once is enough.
        settings.output_flags.remove(OutputFlags::OPOST);
        settings.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).map_err(context("tcsetattr"))?;
        self.add_source(stream, pair.master, true, Some(copy))?;
        Ok(self.child_end(pair.slave))
    }

    fn open_terminal(&mut self, rows: u16, columns: u16, shown: Option<OwnedFd>) -> Setup<()> {
        let pair = openpty(Some(&window(rows, columns)), None).map_err(context("openpty"))?;
        if shown.is_some() {
            // A person erases characters, not bytes.
            let mut settings = tcgetattr(&pair.slave).map_err(context("tcgetattr"))?;
            settings.input_flags.insert(InputFlags::IUTF8);
            tcsetattr(&pair.slave, SetArg::TCSANOW, &settings).map_err(context("tcsetattr"))?;
        }
        let master = pair.master.try_clone().map_err(|error| ("dup", error))?;
        let slave = pair.slave.try_clone().map_err(|error| ("dup", error))?;
        self.terminal = Some(Terminal {
            master: master.into(),
            slave,
            is_literal: false,
        });
        self.add_source(Stream::Terminal, pair.master, true, shown)?;
        self.stdio = [self.child_end(pair.slave); 3];
        Ok(())
    }

    fn null(&mut self) -> Setup<RawFd> {
        let null = File::open("/dev/null").map_err(|error| ("open /dev/null", error))?;
        Ok(self.child_end(null.into()))
    }

    fn stdin_pipe(&mut self) -> Setup<RawFd> {
        let (read, write) = io::pipe().map_err(|error| ("pipe", error))?;
        self.stdin = Some(File::from(OwnedFd::from(write)));
        Ok(self.child_end(read.into()))
    }

    fn output_pipe(&mut self, stream: Stream, forward: Option<OwnedFd>) -> Setup<RawFd> {
        const SIZE: i32 = 1 << 20;
        let (read, write) = io::pipe().map_err(|error| ("pipe", error))?;
        // A larger pipe means fewer interruptions; the default works, too.
        let _ = fcntl(&write, FcntlArg::F_SETPIPE_SZ(SIZE));
        self.add_source(stream, read.into(), false, forward)?;
        Ok(self.child_end(write.into()))
    }

    fn add_source(
        &mut self,
        stream: Stream,
        from: OwnedFd,
        is_terminal: bool,
        forward: Option<OwnedFd>,
    ) -> Setup<()> {
        fcntl(&from, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(context("fcntl"))?;
        self.sources.push(Source {
            stream,
            from: Some(from.into()),
            is_terminal,
            forward,
        });
        Ok(())
    }

    fn child_end(&mut self, fd: OwnedFd) -> RawFd {
        let raw = fd.as_raw_fd();
        self.child_ends.push(fd);
        raw
    }

    /// The descriptors that become the program's 0, 1 and 2.
    pub(crate) fn stdio(&self) -> [RawFd; 3] {
        self.stdio
    }

    /// Whether it is a terminal that the script can type at.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Closes siglab's copies of the program's ends, once that has started.
    pub(crate) fn close_child_ends(&mut self) {
        self.child_ends.clear();
    }

    /// Takes everything that was written so far.
    pub(crate) fn drain(&mut self, mut take: impl FnMut(Stream, &[u8])) {
        for source in &mut self.sources {
            source.drain(&mut take);
        }
    }

    /// Writes to standard input, or types at the terminal.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(terminal) = &mut self.terminal {
            return terminal.type_in(bytes);
        }
        match &mut self.stdin {
            Some(stdin) => stdin.write_all(bytes),
            None => Err(io::Error::other("standard input is closed")),
        }
    }

    /// Closes standard input. The program finds its end from now on.
    pub(crate) fn close_stdin(&mut self) -> io::Result<()> {
        if self.terminal.is_some() {
            return self.write(&[Key::CtrlD.byte()]);
        }
        let Some(writer) = self.stdin.take() else {
            return Ok(());
        };
        // A child that another thread of this process has forked, and that hasn't executed its
        // program yet, has a copy of it: while that is there, a reader still waits.
        let reader = File::open(format!("/proc/self/fd/{}", writer.as_raw_fd()))?;
        drop(writer);
        let mut ends = [PollFd::new(reader.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut ends, PollTimeout::NONE) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// How many of these bytes can be typed as one: up to, and with, the first that generates a
    /// signal with the terminal's present settings. That, and the foreground process group that
    /// gets it.
    pub(crate) fn first_part(&self, bytes: &[u8]) -> (usize, Option<(Signal, Pid)>) {
        let Some(terminal) = &self.terminal else {
            return (bytes.len(), None);
        };
        let Ok(part) = terminal.first_part(bytes) else {
            return (bytes.len(), None);
        };
        // The slave isn't siglab's controlling terminal, but the master may ask.
        let group = || nix::unistd::tcgetpgrp(&terminal.master).ok();
        (
            part.length,
            part.signal.and_then(|signal| Some((signal, group()?))),
        )
    }

    /// Whether what is typed is kept from those who look at the terminal: a password, say.
    pub(crate) fn hides_what_is_typed(&self) -> bool {
        let terminal = self.terminal.as_ref();
        let settings = terminal.and_then(|terminal| tcgetattr(&terminal.slave).ok());
        settings.is_some_and(|settings| {
            let flags = settings.local_flags;
            flags.contains(LocalFlags::ICANON) && !flags.contains(LocalFlags::ECHO)
        })
    }

    /// Types the first of these bytes, as far as there is room at the terminal. How many.
    pub(crate) fn type_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let terminal = self.terminal.as_mut().ok_or_else(not_a_terminal)?;
        let part = terminal.first_part(bytes)?;
        terminal.type_part(bytes, part)
    }

    /// Changes the window's size.
    pub(crate) fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        let terminal = self.terminal.as_ref().ok_or_else(not_a_terminal)?;
        let size = window(rows, columns);
        crate::kernel::sys::fds::set_window_size(terminal.master.as_fd(), &size)?;
        Ok(())
    }

    /// Hangs the terminal up: the master's side goes away.
    pub(crate) fn hang_up(&mut self) -> io::Result<()> {
        self.terminal.take().ok_or_else(not_a_terminal)?;
        self.sources
            .retain(|source| source.stream != Stream::Terminal);
        Ok(())
    }
}

/// The value of a special character that is switched off: termios(3).
const DISABLED: u8 = 0;

fn window(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn not_a_terminal() -> io::Error {
    io::Error::other("the program has no terminal")
}

/// The part of these bytes that is typed first. `is_literal`: whether the first is taken
/// literally.
fn first_part(settings: &Termios, mut is_literal: bool, bytes: &[u8]) -> Part {
    let is = |index: SpecialCharacterIndices, byte: u8| {
        settings.control_chars[index as usize] == byte && byte != DISABLED
    };
    let has = |flags: LocalFlags| settings.local_flags.contains(flags);
    let quotes = has(LocalFlags::ICANON | LocalFlags::IEXTEN);
    for (index, byte) in bytes.iter().enumerate() {
        if std::mem::take(&mut is_literal) {
            continue;
        }
        let signal = generates(settings, *byte);
        if signal.is_some() {
            return Part {
                length: index + 1,
                signal,
                is_literal: false,
            };
        }
        is_literal = quotes && is(SpecialCharacterIndices::VLNEXT, *byte);
    }
    Part {
        length: bytes.len(),
        signal: None,
        is_literal,
    }
}

/// The signal that a byte generates when it is typed at a terminal with these settings.
fn generates(settings: &Termios, byte: u8) -> Option<Signal> {
    if !settings.local_flags.contains(LocalFlags::ISIG) || byte == DISABLED {
        return None;
    }
    [
        (SpecialCharacterIndices::VINTR, Signal::INT),
        (SpecialCharacterIndices::VQUIT, Signal::QUIT),
        (SpecialCharacterIndices::VSUSP, Signal::TSTP),
    ]
    .into_iter()
    .find(|(index, _)| settings.control_chars[*index as usize] == byte)
    .map(|(_, signal)| signal)
}

/// What is typed as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// How many bytes.
    length: usize,
    /// The signal that the last one generates, if it does.
    signal: Option<Signal>,
    /// Whether what comes next is taken literally.
    is_literal: bool,
}

impl Terminal {
    /// Types, and makes the kernel deliver that to the line discipline, and signals with it.
    fn type_in(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let part = self.first_part(bytes)?;
            if self.type_part(bytes, part)? < part.length {
                return Err(io::Error::other("so much is unread that there is no room"));
            }
            bytes = &bytes[part.length..];
        }
        Ok(())
    }

    fn first_part(&self, bytes: &[u8]) -> io::Result<Part> {
        let settings = tcgetattr(&self.slave)?;
        Ok(first_part(&settings, self.is_literal, bytes))
    }

    /// Types a part, as far as there is room. How many bytes.
    fn type_part(&mut self, bytes: &[u8], part: Part) -> io::Result<usize> {
        let settings = tcgetattr(&self.slave)?;
        let bytes = &bytes[..part.length];
        let mut written = 0;
        while written < bytes.len() {
            match self.master.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        crate::kernel::sys::fds::wait_for_terminal(&self.slave);
        let typed = first_part(&settings, self.is_literal, &bytes[..written]);
        self.is_literal = typed.is_literal;
        if typed.signal.is_some() && !settings.local_flags.contains(LocalFlags::NOFLSH) {
            self.wait_for_flush();
        }
        Ok(written)
    }

    /// Waits for a key that generates a signal. While an earlier line is unread, polling
    /// doesn't wait for the queue; but the key discards all that is unread, after it has sent
    /// the signal (isig() in n_tty.c). After the "literal next" character it does neither.
    fn wait_for_flush(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        let begun = crate::kernel::sys::clock::real_now();
        let mut fds = [PollFd::new(self.slave.as_fd(), PollFlags::POLLIN)];
        while poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
            && begun.elapsed() < PATIENCE
        {
            crate::kernel::sys::cpu::yield_now();
        }
    }
}

impl Source {
    fn drain(&mut self, take: &mut impl FnMut(Stream, &[u8])) {
        let mut buffer = [0; 16384];
        while let Some(length) = self.read(&mut buffer) {
            take(self.stream, &buffer[..length]);
            if !self.pass_on(&buffer[..length]) {
                self.from = None;
            }
        }
    }

    /// Reads what is there; `None` if that is nothing.
    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let from = self.from.as_mut()?;
        if let Ok(length @ 1..) = from.read(buffer) {
            return Some(length);
        }
        if !self.is_terminal {
            return None;
        }
        // Output of a terminal reaches the master by way of a kernel work queue; polling
        // an empty one waits for that.
        let mut fds = [PollFd::new(from.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::ZERO) {
            Ok(1..) => from.read(buffer).ok().filter(|length| *length > 0),
            _ => None,
        }
    }

    /// Writes to siglab's own stream. Whether somebody reads that.
    fn pass_on(&self, mut bytes: &[u8]) -> bool {
        let Some(to) = &self.forward else { return true };
        while !bytes.is_empty() {
            match nix::unistd::write(to, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    let mut fds = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
                    let _ = poll(&mut fds, PollTimeout::NONE);
                }
                Err(_) => return false,
            }
        }
        true
    }
}
