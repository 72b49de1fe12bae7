//! Calls on descriptors: what they wait for, sockets with time-outs, who gets `SIGIO`.

use siglab_model::{Clock as ClockMode, FileKind, Kind, Lock, Outside, WaitFor};

use super::table::record;
use super::{errno_name, failure, kill, name, signals};
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Errno, Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call, Remainder, Several, Timeout, TimeoutStyle, Waits};
use crate::world::clock;
use crate::world::process::SocketTimeout;

pub(super) const F_SETOWN_EX: i32 = 15;
pub(super) const F_OFD_SETLKW: i32 = 38;
pub(super) const FIOSETOWN: u32 = 0x8901;
pub(super) const SIOCSPGRP: u32 = 0x8902;

impl Run<'_> {
    /// fcntl(fd, operation, argument) and ioctl(fd, operation, argument).
    pub(super) fn descriptor_call(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let operation = regs.arg(1) as u32;
        match (regs.sys(), operation.cast_signed()) {
            (Some(Sys::Fcntl), libc::F_SETLKW | F_OFD_SETLKW) => self.begin_plain(tid, regs),
            (Some(Sys::Fcntl), libc::F_SETOWN) => {
                self.set_owner(tid, regs, regs.arg(2) as u32 as i32)
            }
            (Some(Sys::Fcntl), libc::F_SETFL) => {
                let is_async = regs.arg(2) as u32 as i32 & libc::O_ASYNC != 0;
                self.set_async(tid, regs, is_async)
            }
            (Some(Sys::Fcntl), libc::F_SETLEASE | libc::F_NOTIFY) => {
                self.world.has_other_signals = true;
                Ok(Next::USER)
            }
            (Some(Sys::Fcntl), _) => match kill::owner_ex(tid, regs.arg(2)) {
                Some(owner) => self.set_owner(tid, regs, owner),
                None => Ok(Next::USER),
            },
            _ if operation == libc::FIOASYNC as u32 => self.set_async(tid, regs, true),
            _ if operation == libc::TIOCSPTLCK as u32 => {
                // unlockpt(3): there will be a pseudo-terminal within the run.
                self.world.has_terminals = true;
                self.world.has_other_signals = true;
                Ok(Next::USER)
            }
            _ if operation == libc::TIOCSCTTY as u32 => {
                if regs.arg(2) == 0 {
                    Ok(Next::USER)
                } else {
                    self.deny(tid, regs, "taking a terminal away from another session")
                }
            }
            _ if operation == libc::TIOCSTI as u32 => {
                self.deny(tid, regs, "typing at a terminal in somebody's name")
            }
            _ => match memory::read::<i32>(tid, regs.arg(2)) {
                Ok(owner) => self.set_owner(tid, regs, owner),
                Err(_) => Ok(Next::USER),
            },
        }
    }

    /// mq_notify(queue, event): a signal when a message comes.
    pub(super) fn mq_notify(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.world.has_other_signals = true;
        self.begin_plain(tid, regs)
    }

    fn set_owner(&mut self, tid: Pid, regs: Regs, owner: i32) -> Outcome<Next> {
        if self.may_own(owner) {
            self.world.has_other_signals = true;
            return Ok(Next::USER);
        }
        self.deny(tid, regs, "SIGIO for a process outside the run")
    }

    /// `SIGIO` for input at a terminal goes to its foreground process group: of siglab's
    /// own terminal, that is siglab's.
    fn set_async(&mut self, tid: Pid, regs: Regs, on: bool) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let is_siglabs = self.tracer.plumbing.external_stdin
            && proc::fd_target(pid, regs.arg(0) as u32 as i32)
                .is_some_and(|to| to.starts_with("/dev/pts/") || to.starts_with("/dev/tty"));
        if on && is_siglabs {
            return self.deny(
                tid,
                regs,
                "SIGIO for the processes at siglab's own terminal",
            );
        }
        self.world.has_other_signals |= on;
        Ok(Next::USER)
    }

    pub(super) fn deny(&mut self, tid: Pid, regs: Regs, what: &str) -> Outcome<Next> {
        let kind = Kind::Denied {
            syscall: name(&regs),
            what: Outside::Other(what.to_owned()),
            signal: None,
            errno: errno_name(failure(Errno::EPERM)),
        };
        self.world.task_event(tid, kind);
        self.answer(tid, regs, failure(Errno::EPERM))
    }

    /// setsockopt(fd, level, SO_RCVTIMEO or SO_SNDTIMEO, timeval, size): kept here, the
    /// kernel's own stays off.
    pub(super) fn setsockopt(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if self.world.options.clock == ClockMode::Real
            || regs.arg(1) as u32 as i32 != libc::SOL_SOCKET
        {
            return Ok(Next::USER);
        }
        let pid = self.world.task(tid)?.pid;
        let Some(target) = socket(pid, regs.arg(0)) else {
            return Ok(Next::USER);
        };
        let value = match memory::read::<libc::timeval>(tid, regs.arg(3)) {
            Ok(value) if regs.arg(4) as u32 as usize >= size_of::<libc::timeval>() => value,
            _ => return Ok(Next::USER),
        };
        let Some(nanos) = clock::nanos_of_timeval(value) else {
            return Ok(Next::USER);
        };
        let is_receive = regs.arg(2) as u32 as i32 == libc::SO_RCVTIMEO;
        for process in &mut self.world.processes {
            let timeouts = &mut process.socket_timeouts;
            if process.pid == pid && !timeouts.iter().any(|known| known.target == target) {
                let target = target.clone();
                timeouts.push(SocketTimeout {
                    target,
                    receive: None,
                    send: None,
                });
            }
            for known in timeouts.iter_mut().filter(|known| known.target == target) {
                let which = if is_receive {
                    &mut known.receive
                } else {
                    &mut known.send
                };
                *which = (nanos > 0).then_some(nanos);
            }
        }
        self.world.process(pid)?.watch_calls = true;
        self.answer(tid, regs, 0)
    }

    pub(super) fn getsockopt(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let is_receive = regs.arg(2) as u32 as i32 == libc::SO_RCVTIMEO;
        let known = socket(pid, regs.arg(0)).and_then(|target| {
            let process = self
                .world
                .processes
                .iter()
                .rev()
                .find(|process| process.pid == pid)?;
            process
                .socket_timeouts
                .iter()
                .find(|known| known.target == target)
        });
        let Some(known) = known.filter(|_| regs.arg(1) as u32 as i32 == libc::SOL_SOCKET) else {
            return Ok(Next::USER);
        };
        let nanos = if is_receive {
            known.receive
        } else {
            known.send
        };
        let value = clock::timeval_of(clock::duration(nanos.unwrap_or(0)));
        let Some(size) = memory::read::<i32>(tid, regs.arg(4))
            .ok()
            .and_then(|size| usize::try_from(size).ok())
        else {
            // It fails by itself.
            return Ok(Next::USER);
        };
        let mut bytes = Vec::from(value.tv_sec.to_ne_bytes());
        bytes.extend(value.tv_usec.to_ne_bytes());
        bytes.truncate(size);
        let size = i32::try_from(bytes.len()).unwrap_or(0);
        let written = memory::write_bytes(tid, regs.arg(3), &bytes)
            .and_then(|()| memory::write(tid, regs.arg(4), &size));
        self.answer(
            tid,
            regs,
            if written.is_ok() {
                0
            } else {
                failure(Errno::EFAULT)
            },
        )
    }

    /// socketpair(domain, type, protocol, descriptors).
    pub(super) fn socketpair(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let after = After::NewPair(regs.arg(3));
        self.begin(tid, &regs, after, WaitFor::Unnamed, None)
    }

    /// A process that has descriptors whose calls matter may give them to others: unix(7),
    /// `SCM_RIGHTS`.
    pub(super) fn share_descriptors(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        /// `msg_controllen` in a `struct msghdr`.
        const CONTROL_LENGTH: u64 = 40;
        let gives = match regs.sys() {
            Some(Sys::Sendmsg) => memory::read::<u64>(tid, regs.arg(1) + CONTROL_LENGTH)
                .is_ok_and(|length| length > 0),
            Some(Sys::Sendmmsg) => true,
            _ => false,
        };
        let giver = self.world.process_of(tid)?;
        if !gives || !giver.watch_calls {
            return Ok(());
        }
        let timeouts = giver.socket_timeouts.clone();
        for process in &mut self.world.processes {
            process.watch_calls = true;
            for timeout in &timeouts {
                let knows = |known: &SocketTimeout| known.target == timeout.target;
                if !process.socket_timeouts.iter().any(knows) {
                    process.socket_timeouts.push(timeout.clone());
                }
            }
        }
        Ok(())
    }

    /// What a call waits for; what follows from its result; and its socket's
    /// time-out.
    pub(super) fn describe_descriptor_wait(
        &mut self,
        tid: Pid,
        regs: &Regs,
    ) -> Outcome<(WaitFor, After, Option<Timeout>)> {
        let pid = self.world.task(tid)?.pid;
        let Some(sys) = regs.sys() else {
            return Ok((WaitFor::Unnamed, After::Nothing, None));
        };
        let Some(fd) = descriptor_argument(regs) else {
            let after = match sys {
                Sys::IoSubmit => After::Submitted(signals::submitted_reads(pid, tid, regs)),
                _ => After::Nothing,
            };
            return Ok((describe_several(tid, regs), after, None));
        };
        let target = proc::fd_target(pid, fd).unwrap_or_default();
        let buffers = signals::buffers(tid, sys, regs).filter(|_| signals::is_signalfd(&target));
        let after = buffers.map_or(After::Nothing, After::ReadSignals);
        let file = file_kind(&target);
        let what = WaitFor::Descriptor { file, fd };
        let timeout = self.socket_timeout(pid, sys, &target)?;
        Ok((what, after, timeout))
    }

    fn socket_timeout(&mut self, pid: Pid, sys: Sys, target: &str) -> Outcome<Option<Timeout>> {
        let receives = record(sys).receives;
        let now = self.world.clock.now();
        let nanos = self
            .world
            .process(pid)?
            .socket_timeouts
            .iter()
            .find(|known| known.target == *target)
            .and_then(|known| if receives { known.receive } else { known.send });
        let errno = if sys == Sys::Connect {
            libc::EINPROGRESS
        } else {
            libc::EAGAIN
        };
        let order = self.world.next_order();
        Ok(nanos.map(|nanos| Timeout {
            order,
            deadline: now + clock::duration(nanos),
            style: TimeoutStyle {
                result: -i64::from(errno),
                remainder: Remainder::None,
                clears_sets: false,
            },
            fired: false,
        }))
    }
}

/// All descriptors that a call waits for.
pub(super) fn descriptors_of(pid: Pid, tid: Pid, call: &Call) -> Vec<i32> {
    const MOST: u64 = 4096;
    let entry = &call.entry;
    let count = entry.arg(1).min(MOST);
    match call.waits {
        Waits::Several(Several::Poll) => (0..count)
            .filter_map(|index| memory::read::<u64>(tid, entry.arg(0) + index * 8).ok())
            .map(|pollfd| pollfd as u32 as i32)
            .collect(),
        Waits::Several(Several::Select) => {
            let highest = i32::try_from(entry.arg(0).min(MOST)).unwrap_or(0);
            (0..highest)
                .filter(|fd| {
                    (1..=3).any(|set| {
                        let word = entry.arg(set) + fd.unsigned_abs() as u64 / 64 * 8;
                        entry.arg(set) != 0
                            && memory::read::<u64>(tid, word)
                                .is_ok_and(|bits| bits >> (fd % 64) & 1 == 1)
                    })
                })
                .collect()
        }
        Waits::Several(Several::Epoll) => proc::epoll_targets(pid, entry.arg(0) as u32 as i32),
        Waits::Several(Several::Iocbs) => signals::iocbs(tid, entry)
            .map(|iocb| iocb.descriptor)
            .collect(),
        Waits::Descriptors(arguments) => arguments
            .iter()
            .map(|argument| entry.arg(*argument) as u32 as i32)
            .collect(),
        Waits::Never
        | Waits::Signals
        | Waits::Children
        | Waits::Lock
        | Waits::Others
        | Waits::Unknown => Vec::new(),
    }
}

/// What a socket descriptor leads to; `None` if it isn't one.
fn socket(pid: Pid, fd: u64) -> Option<String> {
    proc::fd_target(pid, fd as u32 as i32).filter(|target| target.starts_with("socket:"))
}

/// The first descriptor that a call works on.
fn descriptor_argument(regs: &Regs) -> Option<i32> {
    let sys = regs.sys()?;
    let argument = match record(sys).waits {
        Waits::Descriptors(arguments) => *arguments.first()?,
        _ if matches!(sys, Sys::Fcntl | Sys::Flock) => 0,
        _ => return None,
    };
    Some(regs.arg(argument) as u32 as i32)
}

fn describe_several(tid: Pid, regs: &Regs) -> WaitFor {
    match regs.sys() {
        Some(Sys::Poll | Sys::Ppoll) => {
            let fds: Vec<i32> = (0..regs.arg(1).min(16))
                .filter_map(|index| memory::read::<u64>(tid, regs.arg(0) + index * 8).ok())
                .map(|pollfd| pollfd as u32 as i32)
                .collect();
            if fds.is_empty() {
                WaitFor::Unnamed
            } else {
                WaitFor::Descriptors(fds)
            }
        }
        Some(Sys::FutexWaitv) => WaitFor::Lock {
            lock: Lock::LockOrCondition(None),
            holder: None,
        },
        _ => WaitFor::Unnamed,
    }
}

/// What a descriptor leads to, by what proc(5) calls it, without numbers that vary.
fn file_kind(target: &str) -> FileKind {
    let (kind, name) = target.split_once(':').unwrap_or((target, ""));
    match kind {
        "pipe" => FileKind::Pipe,
        "socket" => FileKind::Socket,
        "anon_inode" => match name.trim_matches(|c| c == '[' || c == ']') {
            "signalfd" => FileKind::Signalfd,
            "timerfd" => FileKind::Timerfd,
            "eventfd" => FileKind::Eventfd,
            "eventpoll" => FileKind::Epoll,
            name => FileKind::Other(name.to_owned()),
        },
        _ if target.starts_with("/dev/pts/") || target == "/dev/tty" => FileKind::Terminal,
        _ => FileKind::File,
    }
}
