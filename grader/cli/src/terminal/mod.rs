//! siglab's own terminal, while a person types at it for the program: raw, so that every key is
//! the program's, but for the escape. Afterwards it is as it was before.

mod escape;
mod screen;
mod settings;

use std::io::{self, IsTerminal as _, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use siglab_engine::Keyboard;
use signal_hook::SigId;
use signal_hook::consts::{SIGCONT, SIGWINCH};
use signal_hook::low_level::{pipe, unregister};

pub(crate) use self::screen::Screen;
pub(crate) use self::settings::restore;

use self::escape::Escape;
use crate::failure::Failure;
use crate::{exit, interrupt};

/// Rows and columns of a terminal that nobody sees: as in a lab.
pub(crate) const SIZE: (u16, u16) = (24, 80);

/// Whether somebody can type: siglab's standard input is a terminal.
pub(crate) fn is_there() -> bool {
    io::stdin().is_terminal()
}

/// siglab's own terminal, taken for the program until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) keyboard: Keyboard,
    /// Rows and columns, when it was taken.
    pub(crate) size: (u16, u16),
    hooks: Vec<SigId>,
    /// Dropped, it ends the thread.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Taken {
    /// Takes it: from now on, keys go to the keyboard, and the size of the window does.
    ///
    /// # Errors
    /// If its settings can't be changed, or there is nothing to take them with.
    pub(crate) fn new() -> Result<Self, Failure> {
        Self::take().map_err(|error| {
            let why = crate::failure::reason(&error);
            Failure::new(
                exit::ENVIRONMENT,
                format_args!("can't take the terminal for the program: {why}"),
            )
        })
    }

    fn take() -> io::Result<Self> {
        let keyboard = Keyboard::default();
        let size = size();
        let (changed, on_change) = UnixStream::pair()?;
        changed.set_nonblocking(true)?;
        let (stopped, stop) = UnixStream::pair()?;
        let mut this = Self {
            keyboard: keyboard.clone(),
            size,
            hooks: Vec::new(),
            stop: Some(stop),
            thread: None,
        };
        for signal in [SIGWINCH, SIGCONT] {
            this.hooks
                .push(pipe::register(signal, on_change.try_clone()?)?);
        }
        settings::make_raw()?;
        let mut listener = Listener {
            keyboard,
            size,
            escape: Escape::default(),
            changed,
            stopped,
        };
        let thread = thread::Builder::new().name("keyboard".to_owned());
        this.thread = Some(thread.spawn(move || while listener.listen() {})?);
        Ok(this)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Whatever became of it, it won't change the terminal any more.
            let _ = thread.join();
        }
        self.hooks.drain(..).for_each(|hook| {
            unregister(hook);
        });
        settings::restore();
    }
}

/// Rows and columns of siglab's own terminal.
fn size() -> (u16, u16) {
    match terminal_size::terminal_size_of(io::stdin()) {
        Some((columns, rows)) if rows.0 > 0 && columns.0 > 0 => (rows.0, columns.0),
        _ => SIZE,
    }
}

/// Hears what happens at the terminal.
#[derive(Debug)]
struct Listener {
    keyboard: Keyboard,
    size: (u16, u16),
    escape: Escape,
    /// Readable after a SIGWINCH or SIGCONT.
    changed: UnixStream,
    /// At its end when it is over.
    stopped: UnixStream,
}

impl Listener {
    /// Waits for something, and passes it on. Whether there may be more.
    fn listen(&mut self) -> bool {
        let stdin = io::stdin();
        let fds = [stdin.as_fd(), self.changed.as_fd(), self.stopped.as_fd()];
        let mut fds = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => return true,
            Err(_) => return false,
        }
        let [typed, changed, stopped] = fds.map(|fd| fd.any().unwrap_or(true));
        if stopped {
            return false;
        }
        if changed {
            self.look_at_window();
        }
        !typed || self.read()
    }

    fn look_at_window(&mut self) {
        while matches!((&self.changed).read(&mut [0; 64]), Ok(1..)) {}
        // Whoever lets a stopped siglab go on may have used the terminal meanwhile.
        settings::make_raw_again();
        let size = size();
        if size != self.size {
            self.size = size;
            self.keyboard.resize(size.0, size.1);
        }
    }

    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let length = match nix::unistd::read(io::stdin(), &mut buffer) {
            Err(Errno::EINTR | Errno::EAGAIN) => return true,
            Ok(length @ 1..) => length,
            // The terminal is gone.
            Ok(0) | Err(_) => {
                self.keyboard.hang_up();
                return false;
            }
        };
        let bytes = &buffer[..length];
        match self.escape.find(bytes, interrupt::milliseconds()) {
            None => {
                self.keyboard.press(bytes);
                true
            }
            Some(before) => {
                self.keyboard.press(&bytes[..before]);
                self.keyboard.escape();
                false
            }
        }
    }
}
