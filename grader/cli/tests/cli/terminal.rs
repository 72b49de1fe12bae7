//! `--terminal`: the program has a terminal of its own, and a person or a script types there.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use predicates::prelude::*;
use siglab_model::{self as model, Event, Kind, LimitKind, ProcessStatus, Role, Trace};
use siglab_tests::surroundings::{Started, bounded};
use tempfile::TempDir;

use crate::explore::program;
use crate::graders::children;
use crate::{siglab, stderr, stdout};

/// Somebody at a terminal: a shell in which siglab runs, and what tells what it leaves behind.
struct Session {
    shell: Started,
    /// What is typed goes there, and what is shown comes from there.
    master: File,
    seen: String,
    /// How much of it was waited for.
    at: usize,
    folder: TempDir,
}

/// The settings of the terminal, siglab, its exit status, and the settings again.
const SHELL: &str =
    r#"echo "before $(stty -g)."; "$@"; echo "status $?."; echo "after $(stty -g).""#;

impl Session {
    /// `siglab run --terminal --clock real` with these arguments.
    fn new(args: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let size = window(24, 80);
        let pair = openpty(Some(&size), None).expect("there are pseudo-terminals");
        let slave = || Stdio::from(pair.slave.try_clone().expect("it can be copied"));
        let mut shell = Command::new("sh");
        bounded(&mut shell);
        #[expect(
            unsafe_code,
            reason = "nobody else can make it the controlling terminal"
        )]
        // SAFETY: pre_exec: setsid(2) and ioctl_tty(2) are system calls and allocate nothing.
        unsafe {
            shell.pre_exec(|| {
                nix::unistd::setsid()?;
                nix::errno::Errno::result(libc::ioctl(0, libc::TIOCSCTTY, 0))?;
                Ok(())
            });
        }
        let shell = shell
            .args(["-c", SHELL, "sh", env!("CARGO_BIN_EXE_siglab")])
            .args(["run", "--terminal", "--clock", "real", "--trace"])
            .arg(folder.path().join("trace.jsonl"))
            .args(args)
            .env("LC_ALL", "C.UTF-8")
            .env("PS1", "$ ")
            .env("TERM", "xterm")
            .env_remove("ENV")
            .stdin(slave())
            .stdout(slave())
            .stderr(slave())
            .spawn()
            .expect("sh starts");
        Self {
            shell: Started(shell),
            master: pair.master.into(),
            seen: String::new(),
            at: 0,
            folder,
        }
    }

    /// Reads until this has appeared, after what was waited for before. What came before it.
    fn until(&mut self, text: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            if let Some(found) = self.seen[self.at..].find(text) {
                let before = self.seen[self.at..self.at + found].to_owned();
                self.at += found + text.len();
                return before;
            }
            let length = self.master.read(&mut buffer).unwrap_or_else(|error| {
                panic!("waiting for {text:?}: {error}; there was\n{}", self.seen)
            });
            self.seen += &String::from_utf8_lossy(&buffer[..length]);
        }
    }

    fn types(&mut self, keys: &str) {
        self.master
            .write_all(keys.as_bytes())
            .expect("there is room");
    }

    fn resize(&self, rows: u16, columns: u16) {
        let size = window(rows, columns);
        #[expect(unsafe_code, reason = "nix has no wrapper that needs none")]
        // SAFETY: ioctl_tty(2): TIOCSWINSZ reads a winsize.
        let done =
            unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(done, 0, "it is a terminal");
    }

    /// The process of siglab, which the shell waits for.
    fn siglab(&self) -> Pid {
        let shell = Pid::from_raw(self.shell.id().cast_signed());
        let children = children(shell);
        assert_eq!(children.len(), 1, "{children:?}");
        children[0]
    }

    /// It isn't over; somebody else may run.
    fn goes_on(&mut self) {
        let ended = self.shell.try_wait().expect("it is a child");
        assert_eq!(ended, None, "{}", self.seen);
        std::thread::yield_now();
    }

    /// What the run was, when it is over. The terminal must be as it was before.
    fn end(mut self, status: i32) -> Ended {
        self.until("status ");
        let ended = self.until(".");
        self.until("after ");
        let after = self.until(".");
        let before = self.seen.split_once("before ").expect("it was told").1;
        let before = before.split('.').next().expect("it was told");
        assert_eq!(after, before, "the terminal isn't what it was");
        assert_eq!(ended, status.to_string(), "{}", self.seen);
        self.shell.wait().expect("it ends");
        let trace = fs::read_to_string(self.folder.path().join("trace.jsonl"));
        Ended {
            trace: trace
                .map(|text| Trace::from_jsonl(&text).expect("it is whole"))
                .ok(),
            seen: self.seen,
        }
    }
}

fn window(rows: u16, columns: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Whether a thread of this process waits in write(2), for room: proc_pid_syscall(5).
fn is_writing(process: Pid) -> bool {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("it is there");
    let calls = tasks
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("syscall")));
    let write = format!("{} ", libc::SYS_write);
    calls.flatten().any(|call| call.starts_with(&write))
}

/// What is known afterwards.
struct Ended {
    /// All that was shown at the terminal.
    seen: String,
    trace: Option<Trace>,
}

impl Ended {
    fn trace(&self) -> &Trace {
        self.trace.as_ref().expect("siglab has written it")
    }

    /// The first event that is like this, at or after the one with this number; its number.
    fn event(&self, from: usize, is_meant: impl Fn(&Event) -> bool) -> usize {
        let events = self.trace().events.iter();
        let found = events.enumerate().skip(from).find(|(_, it)| is_meant(it));
        found
            .unwrap_or_else(|| panic!("not there:\n{}", self.seen))
            .0
    }
}

fn is_key(event: &Event, key: &str) -> bool {
    matches!(&event.kind, Kind::Input { text, by_person: true } if text == key)
}

/// Whether the kernel generates this signal.
fn is_generated(event: &Event, of: model::Signal) -> bool {
    matches!(&event.kind, Kind::Generated { signal, from, .. }
        if *signal == of && from.as_str() == Role::KERNEL)
}

/// A shell script that handles a signal while it waits for a line.
fn handles(signal: &str, does: &str) -> String {
    format!("trap '{does}' {signal}; echo ready; read line")
}

#[test]
fn a_key_reaches_the_programs_handler() {
    let mut session = Session::new(&["--", "sh", "-c", &handles("INT", "echo caught; exit 3")]);
    session.until("ready\r\n");
    session.types("\x03");
    session.until("caught\r\n");
    let ended = session.end(3);
    let pressed = ended.event(0, |event| is_key(event, "^C"));
    let sent = ended.event(pressed, |event| is_generated(event, model::Signal::INT));
    let handled = |event: &Event| matches!(event.kind, Kind::HandlerEntered { signal, .. } if signal == model::Signal::INT);
    ended.event(sent, handled);
    for told in ["you press Ctrl+C", "prints"] {
        let told = told.replace("prints", "writes to the terminal \"caught\"");
        assert!(ended.seen.contains(&told), "{}", ended.seen);
    }
}

/// What is typed while the terminal shows nothing of it isn't in the trace.
#[test]
fn a_password_stays_one() {
    let script = "stty -echo; echo password:; read word; stty echo; echo \"${#word} letters\"";
    let mut session = Session::new(&["--", "sh", "-c", script]);
    session.until("password:\r\n");
    session.types("secret\r");
    session.until("6 letters\r\n");
    let ended = session.end(0);
    ended.event(0, |event| is_key(event, "******\r"));
    assert!(!ended.seen.contains("secret"), "{}", ended.seen);
}

/// It makes no call in which it could be asked to stop.
#[test]
fn a_key_reaches_a_program_that_computes() {
    let script = "trap 'exit 5' INT; echo ready; while :; do :; done";
    let mut session = Session::new(&["--", "sh", "-c", script]);
    session.until("ready\r\n");
    session.types("\x03");
    session.end(5);
}

#[test]
fn a_shell_has_job_control() {
    let mut session = Session::new(&["--", "sh", "-i"]);
    let hello = session.until("$ ");
    let job = "sh -c 'trap \"echo again\" CONT; echo begun; read a; read a; read a'";
    session.types(&format!("{job}\r"));
    session.until("read a'\r\n");
    session.until("begun\r\n");
    session.types("\x1a");
    session.until("Stopped");
    session.until("$ ");
    session.types("fg\r");
    // The shell says what it lets go on before it hands the terminal over, so the job has to.
    session.until("again\r\n");
    session.types("\x03");
    session.until("$ ");
    session.types("echo status: $?\r");
    session.until("status: 130\r\n");
    session.types("exit 7\r");
    let ended = session.end(7);
    for complaint in ["job control", "access tty"] {
        assert!(!hello.contains(complaint), "{hello}");
    }
    let child = |event: &Event| {
        event
            .role
            .as_ref()
            .is_some_and(|role| role.as_str() == "child")
    };
    let pressed = ended.event(0, |event| is_key(event, "^Z"));
    let stopped = ended.event(pressed, |event| {
        child(event)
            && matches!(event.kind, Kind::Stopped { signal } if signal == model::Signal::TSTP)
    });
    let goes_on = ended.event(stopped, |event| {
        child(event) && matches!(event.kind, Kind::Continued {})
    });
    let pressed = ended.event(goes_on, |event| is_key(event, "^C"));
    ended.event(pressed, |event| {
        child(event)
            && matches!(event.kind, Kind::Killed { signal, .. } if signal == model::Signal::INT)
    });
}

#[test]
fn the_size_follows() {
    let script = format!("stty size; {}", handles("WINCH", "stty size; exit 4"));
    let mut session = Session::new(&["--", "sh", "-c", &script]);
    session.until("24 80\r\n");
    session.until("ready\r\n");
    session.resize(40, 100);
    session.until("40 100\r\n");
    let ended = session.end(4);
    let resized = ended.event(0, |event| {
        matches!(&event.kind, Kind::Terminal { action, by_person: true }
            if action == "resize 40x100")
    });
    ended.event(resized, |event| is_generated(event, model::Signal::WINCH));
    assert!(
        ended.seen.contains("you resize the window to 40x100"),
        "{}",
        ended.seen
    );
}

#[test]
fn the_escape_ends_the_run() {
    let script = "printf '\\033[?1049h\\033[?25l'; stty raw; echo ready; exec cat";
    let mut session = Session::new(&["--", "sh", "-c", script]);
    session.until("ready");
    session.types("\x1d\x1d\x1d");
    let ended = session.end(137);
    assert_eq!(ended.trace().outcome.limit, Some(LimitKind::Cancelled));
    ended.event(0, |event| {
        matches!(&event.kind, Kind::Terminal { action, by_person: true } if action == "escape")
    });
    assert!(
        ended.seen.contains("\x1b[?25h\x1b[?1049l"),
        "what it has done to the screen is undone: {:?}",
        ended.seen
    );
}

#[test]
fn a_signal_to_siglab_leaves_the_terminal_as_it_was() {
    for (signal, status) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let mut session = Session::new(&["--", "sh", "-c", "stty raw; echo ready; exec cat"]);
        session.until("ready");
        kill(session.siglab(), signal).expect("it is there");
        let ended = session.end(status);
        assert_eq!(ended.trace().outcome.limit, Some(LimitKind::Cancelled));
        assert!(
            ended.seen.contains("siglab was asked to stop"),
            "{}",
            ended.seen
        );
    }
}

/// Nobody reads what the program writes, so siglab can't end in order.
#[test]
fn a_siglab_that_ends_at_once_leaves_the_terminal_as_it_was() {
    let mut session = Session::new(&["--", "sh", "-c", "echo ready; exec yes"]);
    session.until("ready");
    let siglab = session.siglab();
    while !is_writing(siglab) {
        session.goes_on();
    }
    // It is there until the shell has taken its end.
    while kill(siglab, Signal::SIGTERM).is_ok() {
        let mut master = [PollFd::new(session.master.as_fd(), PollFlags::empty())];
        poll(&mut master, PollTimeout::from(50_u8)).expect("poll");
    }
    let ended = session.end(143);
    assert!(ended.trace.is_none(), "it hadn't ended in order");
}

/// siglab was stopped, and somebody else has used the terminal meanwhile.
#[test]
fn a_siglab_that_goes_on_takes_the_terminal_again() {
    let mut session = Session::new(&["--", "sh", "-c", &handles("INT", "exit 6")]);
    session.until("ready\r\n");
    let raw = tcgetattr(&session.master).expect("it is a terminal");
    let mut other = raw.clone();
    other.local_flags |= LocalFlags::ISIG;
    tcsetattr(&session.master, SetArg::TCSANOW, &other).expect("it is a terminal");
    kill(session.siglab(), Signal::SIGCONT).expect("it is there");
    while tcgetattr(&session.master).expect("it is a terminal") != raw {
        session.goes_on();
    }
    session.types("\x03");
    session.end(6);
}

#[test]
fn a_program_that_is_not_there_costs_nothing() {
    let session = Session::new(&["--", "/no/such/program"]);
    let ended = session.end(127);
    assert!(
        ended.seen.contains("can't execute /no/such/program"),
        "{}",
        ended.seen
    );
}

#[test]
fn without_a_terminal_only_scripts_type() {
    let assert = siglab(["run", "-q", "--terminal", "--clock", "real", "--", "tty"])
        .assert()
        .code(0);
    assert!(
        stdout(&assert).starts_with("/dev/pts/"),
        "{}",
        stdout(&assert)
    );
    assert_eq!(
        stderr(&assert),
        "siglab: warning: nobody can type: standard input is no terminal, and there is no \
         --script that would\n"
    );
}

/// The same script for a run in virtual time and for one with the machine's clock.
#[test]
fn a_script_types_resizes_and_hangs_up() {
    let folder = TempDir::new().expect("a temporary folder");
    let steps = folder.path().join("steps.toml");
    let text = r#"steps = [
        { output = "ready", press = "Ctrl+C" },
        { output = "caught", resize = { rows = 40, columns = 100 } },
        { output = "40 100", type = "line\n" },
        { output = "got line", hang_up = true },
    ]"#;
    fs::write(&steps, text).expect("the folder is ours");
    let script = "trap 'echo caught' INT; trap 'stty size' WINCH; trap 'exit 9' HUP; stty size; \
                  echo ready; until read line; do :; done; echo \"got $line\"; \
                  while :; do read line; done";
    for clock in ["virtual", "real"] {
        let file = folder.path().join("trace.jsonl");
        let assert = siglab(["run", "--terminal", "--clock", clock, "--script"])
            .arg(&steps)
            .arg("--trace")
            .arg(&file)
            .args(["--", "sh", "-c", script])
            .assert()
            .code(9);
        assert_eq!(
            stdout(&assert),
            "24 80\r\nready\r\n^Ccaught\r\n40 100\r\nline\r\ngot line\r\n",
            "{clock}"
        );
        let trace = fs::read_to_string(&file).expect("it is there");
        let trace = Trace::from_jsonl(&trace).expect("it is whole");
        assert_eq!(trace.outcome.status, Some(ProcessStatus::Exited(9)));
        let done: Vec<String> = trace
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                Kind::Input {
                    text,
                    by_person: false,
                } => Some(text.clone()),
                Kind::Terminal {
                    action,
                    by_person: false,
                } => Some(action.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(
            done,
            ["^C", "resize 40x100", "line\n", "hang-up"],
            "{clock}"
        );
    }
}

#[test]
fn a_step_that_needs_a_terminal_says_so() {
    let folder = TempDir::new().expect("a temporary folder");
    let steps = folder.path().join("steps.toml");
    fs::write(&steps, "steps = [{ at = \"1s\" }, { press = \"Ctrl+Z\" }]").expect("ours");
    for command in ["run", "explore"] {
        siglab([command, "--script", "steps.toml", "--", "true"])
            .current_dir(&folder)
            .assert()
            .code(2)
            .stdout("")
            .stderr(predicate::eq(
                "siglab: error: steps.toml: step 2 needs a terminal: press ^Z\n\
                 hint: add --terminal: then the program has one of its own\n",
            ));
    }
}

/// A handler that there is only at a terminal: what is found with it is found again.
#[test]
fn exploring_at_a_terminal() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\n\
         static void on_signal(int number) { (void)number; puts(\"caught\"); }\n\
         int main(void) {\n\
             if (!isatty(0)) return 0;\n\
             signal(SIGINT, on_signal);\n\
             for (int i = 0; i < 3; i++) printf(\"working %d\\n\", i);\n\
             return pause();\n\
         }\n";
    let program = program(&folder, "at_terminal", text, &[]);
    let steps = folder.path().join("steps.toml");
    fs::write(&steps, "steps = [{ at = \"1s\", press = \"Ctrl+C\" }]").expect("ours");
    let witness = folder.path().join("witness.json");
    siglab(["explore", "--"]).arg(&program).assert().code(5);
    let assert = siglab(["explore", "--terminal", "--script"])
        .arg(&steps)
        .arg("--witness")
        .arg(&witness)
        .arg("--")
        .arg(&program)
        .assert()
        .code(1);
    let found = "deadlock: puts in the handler of SIGINT deadlocks with printf";
    assert!(stdout(&assert).contains(found), "{}", stdout(&assert));
    let assert = siglab(["replay"]).arg(&witness).assert().code(1);
    let told = "siglab: deadlock: the run was reproduced, with the same trace";
    assert!(stderr(&assert).contains(told), "{}", stderr(&assert));
}
