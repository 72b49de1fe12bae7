//! What signals did to each process of a run: as strace(1) saw it natively, and as a trace has it.
//!
//! Compared are handled signals with their `si_code`, calls that were interrupted or restarted
//! when a handler returned, and children that were reaped. This is not for programs with threads,
//! nor for those that jump out of a handler, end in one, or reap without asking for the status.
//! Nor for an ignored signal in a wait with a mask of its own (`sigsuspend.c`): it ends the wait of
//! any tracee, also of strace's, and the wait begins again.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use siglab_model::{Action, Kind, ProcessStatus, Role, Trace};

/// What happened to one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `SIGUSR1 SI_USER`: handled signals.
    pub signals: Vec<String>,
    /// `read EINTR`, `wait4 restarted`: what became of calls.
    pub calls: Vec<String>,
    /// `2 exited 0`: children by their place in the order of creation, and how they ended.
    pub reaped: Vec<String>,
}

/// All processes, in the order in which they were made.
pub type Processes = Vec<Seen>;

/// One line a fact, for comparing.
#[must_use]
pub fn told(processes: &[Seen]) -> String {
    let mut text = String::new();
    for (number, seen) in processes.iter().enumerate() {
        let facts = [
            ("handles", &seen.signals),
            ("call", &seen.calls),
            ("reaps", &seen.reaped),
        ];
        for (what, facts) in facts {
            for fact in facts {
                let _ = writeln!(text, "{number} {what} {fact}");
            }
        }
    }
    text
}

/// From a trace of the engine's.
#[must_use]
pub fn of_trace(trace: &Trace) -> Processes {
    let mut numbers: BTreeMap<Role, usize> = BTreeMap::new();
    let mut processes = Processes::new();
    for event in &trace.events {
        match &event.kind {
            Kind::Spawn { .. } => {
                numbers.extend(event.role.clone().map(|role| (role, 0)));
                processes.push(Seen::default());
            }
            Kind::Fork { child, .. } => {
                numbers.insert(child.clone(), processes.len());
                processes.push(Seen::default());
            }
            _ => {}
        }
        let Some(number) = event.role.as_ref().and_then(|role| numbers.get(role)) else {
            continue;
        };
        let seen = &mut processes[*number];
        match &event.kind {
            Kind::Delivered {
                signal,
                disposition: Action::Handler,
                info,
            } => seen.signals.push(format!("{signal} {}", info.code)),
            Kind::Interrupted { syscall, .. } => seen.calls.push(format!("{syscall} EINTR")),
            Kind::Restarted { syscall } => seen.calls.push(format!("{syscall} restarted")),
            Kind::Reaped { child, status } => {
                let number = numbers.get(child).copied().unwrap_or(usize::MAX);
                seen.reaped.push(match status {
                    ProcessStatus::Exited(code) => format!("{number} exited {code}"),
                    ProcessStatus::Killed(signal) => format!("{number} killed {signal}"),
                });
            }
            _ => {}
        }
    }
    processes
}

/// A process while strace's lines are read.
#[derive(Clone, Debug, Default)]
struct Process {
    number: usize,
    /// The beginning of a call that was cut in two by lines of others.
    unfinished: String,
    /// Whether a signal is handled, and whether only once.
    handled: HashMap<String, bool>,
    /// A call that a signal has just interrupted; whether it has returned `EINTR` already.
    interrupted: Option<(String, bool)>,
    /// What each active handler interrupted.
    handlers: Vec<Option<String>>,
}

/// From what `strace -f -q -e signal=all -o FILE` wrote.
#[must_use]
pub fn of_strace(text: &str) -> Processes {
    let mut alive: HashMap<&str, Process> = HashMap::new();
    let mut processes = Processes::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for line in text.lines() {
        let Some((pid, line)) = line.split_once(' ') else {
            continue;
        };
        let process = alive.entry(pid).or_insert_with(|| Process {
            number: *numbers.entry(pid.to_owned()).or_insert_with(|| {
                processes.push(Seen::default());
                processes.len() - 1
            }),
            ..Process::default()
        });
        let seen = &mut processes[process.number];
        let line = line.trim_start();
        if let Some(signal) = line.strip_prefix("--- SIG") {
            on_signal(process, seen, signal);
            continue;
        }
        if let Some(begun) = line.strip_suffix(" <unfinished ...>") {
            begun.clone_into(&mut process.unfinished);
            continue;
        }
        let line = match line
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            Some((_, rest)) => std::mem::take(&mut process.unfinished) + rest,
            None => line.to_owned(),
        };
        let Some((call, result)) = line.rsplit_once(" = ") else {
            continue;
        };
        on_call(process, seen, &numbers, call.trim_end(), result);
        let is_fork = ["clone(", "clone3(", "fork(", "vfork("].iter();
        if is_fork.clone().any(|name| call.starts_with(name)) && result.parse::<u32>().is_ok() {
            let handled = process.handled.clone();
            // Its own lines may have come before.
            let number = *numbers.entry(result.to_owned()).or_insert_with(|| {
                processes.push(Seen::default());
                processes.len() - 1
            });
            let Some(child) = text
                .lines()
                .find_map(|line| line.split(' ').next().filter(|pid| *pid == result))
            else {
                continue;
            };
            let child = alive.entry(child).or_default();
            child.number = number;
            for (signal, once) in handled {
                child.handled.entry(signal).or_insert(once);
            }
        }
    }
    processes
}

/// `line`: from the signal's name on, without `SIG`.
fn on_signal(process: &mut Process, seen: &mut Seen, line: &str) {
    let interrupted = process.interrupted.take();
    let Some((name, info)) = line.split_once(' ') else {
        return;
    };
    let name = as_in_traces(&format!("SIG{name}"));
    let Some(once) = process.handled.get(&name).copied() else {
        // Nobody notices, or it is the end.
        process.interrupted = interrupted;
        return;
    };
    if once {
        process.handled.remove(&name);
    }
    let code = info
        .split_once("si_code=")
        .and_then(|(_, code)| code.split([',', '}']).next());
    seen.signals
        .push(format!("{name} {}", code.unwrap_or_default()));
    process.handlers.push(match interrupted {
        Some((call, true)) => {
            seen.calls.push(format!("{call} EINTR"));
            None
        }
        interrupted => interrupted.map(|(call, _)| call),
    });
}

/// strace counts real-time signals from the kernel's first one, of which glibc keeps two.
fn as_in_traces(name: &str) -> String {
    let number = name.strip_prefix("SIGRT_").and_then(|it| it.parse().ok());
    let signal = number.and_then(|number: i32| siglab_model::Signal::new(32 + number));
    signal.map_or_else(|| name.to_owned(), |signal| signal.to_string())
}

fn on_call(
    process: &mut Process,
    seen: &mut Seen,
    numbers: &HashMap<String, usize>,
    call: &str,
    result: &str,
) {
    process.interrupted = None;
    let Some((name, arguments)) = call.split_once('(') else {
        return;
    };
    match name {
        "rt_sigreturn" => {
            if let Some(Some(call)) = process.handlers.pop() {
                let ending = match result.starts_with("-1 EINTR") {
                    true => "EINTR",
                    false => "restarted",
                };
                seen.calls.push(format!("{call} {ending}"));
            }
            return;
        }
        "rt_sigaction" if result == "0" => {
            let (signal, new) = arguments.split_once(", ").unwrap_or((arguments, ""));
            let signal = as_in_traces(signal);
            let new = new.split('}').next().unwrap_or_default();
            if new.contains("sa_handler=SIG_") {
                process.handled.remove(&signal);
            } else if new.contains("sa_handler=") {
                let once = new.contains("SA_RESETHAND");
                process.handled.insert(signal, once);
            }
        }
        "execve" if result == "0" => process.handled.clear(),
        "wait4" | "waitid" if !arguments.contains("WNOWAIT") => {
            let pid = match name {
                "wait4" => result,
                _ => arguments
                    .split_once("si_pid=")
                    .and_then(|(_, pid)| pid.split(',').next())
                    .unwrap_or_default(),
            };
            let between = |from: &str, to: char| {
                let (_, rest) = arguments.split_once(from)?;
                rest.split(to).next()
            };
            let exited = between("WEXITSTATUS(s) == ", '}');
            let killed = between("WTERMSIG(s) == ", '}').map(|it| it.split(' ').next());
            let status = match (name, exited, killed.flatten()) {
                ("wait4", Some(code), _) => Some(format!("exited {code}")),
                ("wait4", _, Some(signal)) => Some(format!("killed {signal}")),
                ("waitid", ..) => {
                    let status = between("si_status=", ',').unwrap_or_default();
                    match between("si_code=", ',') {
                        Some("CLD_EXITED") => Some(format!("exited {status}")),
                        Some("CLD_KILLED" | "CLD_DUMPED") => Some(format!("killed {status}")),
                        _ => None,
                    }
                }
                _ => None,
            };
            if let (Some(number), Some(status)) = (numbers.get(pid), status) {
                seen.reaped.push(format!("{number} {status}"));
            }
        }
        _ => {}
    }
    let is_direct = result.starts_with("-1 EINTR");
    if is_direct || result.starts_with("? ERESTART") {
        process.interrupted = Some((name.to_owned(), is_direct));
    }
}

#[cfg(test)]
mod tests {
    use super::{of_strace, told};

    #[test]
    fn lines_of_strace_are_read() {
        let text = "\
7 execve(\"p\", [\"p\"], 0x7ff /* 4 vars */) = 0
7 rt_sigaction(SIGUSR1, {sa_handler=0x40, sa_mask=[], sa_flags=SA_RESTORER}, NULL, 8) = 0
7 fork( <unfinished ...>
8 pause( <unfinished ...>
7 <... fork resumed>)              = 8
7 read(3,  <unfinished ...>
8 <... pause resumed>)             = ? ERESTARTNOHAND (To be restarted if no handler)
8 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=7, si_uid=0} ---
8 rt_sigreturn({mask=[]})          = -1 EINTR (Interrupted system call)
7 <... read resumed>0x7, 1)        = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
7 --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=8, si_uid=0} ---
7 rt_sigreturn({mask=[]})          = 0
8 +++ exited with 3 +++
7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=8, si_status=3} ---
7 wait4(8, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 8
";
        let expected = "\
0 handles SIGUSR1 SI_TKILL
0 call read restarted
0 reaps 1 exited 3
1 handles SIGUSR1 SI_USER
1 call pause EINTR
";
        assert_eq!(told(&of_strace(text)), expected);
    }
}
