//! Reading clocks, and setting timers.

use std::os::fd::AsFd;

use siglab_model::{Kind, Signal, Time, WaitFor};

use super::{failure, signal_argument};
use crate::fault::{Fault, Outcome};
use crate::kernel::arch::Regs;
use crate::kernel::sys::wait::{self, Ready};
use crate::kernel::sys::{Errno, Pid, fds, memory, proc, serve};
use crate::kernel::syscalls::Sys;
use crate::tracer::next::Next;
use crate::tracer::{Run, Serves};
use crate::world::call::After;
use crate::world::clock::{self, ClockKind};
use crate::world::timers::{Key, Notify, Setting};

/// The kernel's clock ticks a second, as `times` and sysconf(3) count: `USER_HZ`.
const TICKS_PER_SECOND: i64 = 100;

impl Run<'_> {
    /// timer_getoverrun(id).
    pub(super) fn timer_getoverrun(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let overruns = self.world.timers.overruns(posix(pid, regs.arg(0)));
        self.answer(
            tid,
            regs,
            overruns.map_or(failure(Errno::EINVAL), i64::from),
        )
    }

    /// timer_delete(id).
    pub(super) fn timer_delete(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let deleted = self.world.timers.remove(posix(pid, regs.arg(0)));
        self.answer(tid, regs, if deleted { 0 } else { failure(Errno::EINVAL) })
    }

    /// timerfd_create(clock, flags).
    pub(super) fn timerfd_create(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let clock = regs.arg(0) as u32 as i32;
        let ClockKind::Machine { at_exec } = self.world.clock.kind(clock) else {
            return self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None);
        };
        if self.tracer.listener.is_none() {
            self.world.task_event(
                tid,
                Kind::Unsupported {
                    syscall: Sys::TimerfdCreate.name().to_owned(),
                    what: "another seccomp filter has a listener, or the kernel is too old"
                        .to_owned(),
                },
            );
            return self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None);
        }
        let mut marked = regs;
        marked.set_arg(usize::from(serve::MARKED), u64::from(serve::mark()));
        self.tracer.stopped(tid)?.set_regs(&marked)?;
        self.tracer.serves = Some((tid, Serves::Timerfd { at_exec }));
        self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None)
    }

    /// Answers a call whose result is written to memory: `EFAULT` if that fails.
    fn answer_written(
        &mut self,
        tid: Pid,
        regs: Regs,
        written: crate::kernel::sys::Result<()>,
        value: i64,
    ) -> Outcome<Next> {
        self.answer(
            tid,
            regs,
            if written.is_ok() {
                value
            } else {
                failure(Errno::EFAULT)
            },
        )
    }

    pub(super) fn clock_gettime(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.world.clock.take_time_to_read();
        let nanos = match self.clock_of(tid, regs.arg(0) as u32 as i32)? {
            ClockKind::Machine { at_exec } => self.world.clock.read(at_exec),
            ClockKind::Processor => self.processor_nanos(tid)?,
            ClockKind::Unknown => return Ok(Next::USER),
        };
        let written = memory::write(tid, regs.arg(1), &clock::timespec(nanos));
        self.answer_written(tid, regs, written, 0)
    }

    /// Processor time as the program is told: it grows by a microsecond each time that it
    /// asks, and with the clock while it is busy. What it really used varies.
    fn processor_nanos(&mut self, tid: Pid) -> Outcome<i64> {
        let now = i64::try_from(self.world.clock.now().as_nanos()).unwrap_or(i64::MAX);
        let busy = self.world.task(tid)?.polls.busy.is_some();
        let process = self.world.process_of(tid)?;
        process.processor_nanos += 1000;
        if busy {
            process.processor_nanos = process.processor_nanos.max(now);
        }
        Ok(process.processor_nanos)
    }

    pub(super) fn gettimeofday(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.world.clock.take_time_to_read();
        let now = self.world.clock.realtime();
        let value = libc::timeval {
            tv_sec: now.div_euclid(1_000_000_000),
            tv_usec: now.rem_euclid(1_000_000_000) / 1000,
        };
        let mut written = Ok(());
        if regs.arg(0) != 0 {
            written = memory::write(tid, regs.arg(0), &value);
        }
        if regs.arg(1) != 0 {
            // struct timezone: UTC.
            written = written.and(memory::write(tid, regs.arg(1), &0u64));
        }
        self.answer_written(tid, regs, written, 0)
    }

    pub(super) fn time(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.world.clock.take_time_to_read();
        let seconds = self.world.clock.realtime().div_euclid(1_000_000_000);
        let mut written = Ok(());
        if regs.arg(0) != 0 {
            written = memory::write(tid, regs.arg(0), &seconds.cast_unsigned());
        }
        self.answer_written(tid, regs, written, seconds)
    }

    pub(super) fn times(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        self.world.clock.take_time_to_read();
        let tick = 1_000_000_000 / TICKS_PER_SECOND;
        let used = (self.processor_nanos(tid)? / tick).cast_unsigned();
        let mut written = Ok(());
        if regs.arg(0) != 0 {
            // struct tms: user, system, and the children's.
            written = memory::write(tid, regs.arg(0), &[used, 0, 0, 0]);
        }
        let ClockKind::Machine { at_exec } = self.world.clock.kind(libc::CLOCK_MONOTONIC) else {
            return Ok(Next::USER);
        };
        let since_boot = self.world.clock.read(at_exec) / tick;
        self.answer_written(tid, regs, written, since_boot)
    }

    /// alarm(seconds): the old value is rounded to whole seconds, but never to 0.
    pub(super) fn alarm(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let seconds = i64::from(regs.arg(0) as u32);
        let now = self.world.clock.now();
        let new = Setting::after(now, seconds * 1_000_000_000, 0);
        let old = self.set_alarm(pid, new).left(now).0;
        let rounded = (old + 500_000_000) / 1_000_000_000;
        let seconds = if old > 0 { rounded.max(1) } else { 0 };
        self.answer(tid, regs, seconds)
    }

    /// setitimer(which, new, old).
    pub(super) fn setitimer(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let which = regs.arg(0) as u32 as i32;
        if which != libc::ITIMER_REAL {
            return match which {
                1 | 2 => self.unsupported(tid, &regs, "a timer of processor time", Errno::EINVAL),
                _ => Ok(Next::USER),
            };
        }
        let now = self.world.clock.now();
        let mut new = Setting::OFF;
        if regs.arg(1) != 0 {
            let Ok(raw) = memory::read::<[u64; 4]>(tid, regs.arg(1)) else {
                return Ok(Next::USER);
            };
            match timer_value(raw, clock_timeval) {
                Some((interval, value)) => new = Setting::after(now, value, interval),
                None => return self.answer(tid, regs, failure(Errno::EINVAL)),
            }
        }
        let old = self.set_alarm(pid, new);
        let mut written = Ok(());
        if regs.arg(2) != 0 {
            written = memory::write(tid, regs.arg(2), &raw_itimerval(old, now));
        }
        self.answer_written(tid, regs, written, 0)
    }

    pub(super) fn getitimer(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if regs.arg(0) as u32 as i32 != libc::ITIMER_REAL {
            return Ok(Next::USER);
        }
        let pid = self.world.task(tid)?.pid;
        let raw = raw_itimerval(self.alarm_setting(pid), self.world.clock.now());
        let written = memory::write(tid, regs.arg(1), &raw);
        self.answer_written(tid, regs, written, 0)
    }

    /// timer_create(clock, event, id).
    pub(super) fn timer_create(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let has_event = regs.arg(1) != 0;
        if has_event && memory::read::<[u64; 8]>(tid, regs.arg(1)).is_err() {
            return self.answer(tid, regs, failure(Errno::EFAULT));
        }
        let at_exec = match self.timer_clock_of(tid, regs.arg(0) as u32 as i32)? {
            ClockKind::Machine { at_exec } => at_exec,
            ClockKind::Processor => {
                return self.unsupported(tid, &regs, "a timer of processor time", Errno::EINVAL);
            }
            ClockKind::Unknown => return Ok(Next::USER),
        };
        if !self.has_room(pid) {
            return self.answer(tid, regs, failure(Errno::EAGAIN));
        }
        let id = self.world.timers.new_posix_id(pid);
        let notify = if regs.arg(1) == 0 {
            Some(Notify::Signal {
                signal: Signal::ALRM,
                value: u64::from(id.cast_unsigned()),
                thread: None,
            })
        } else {
            // struct sigevent: value, signal and how, thread.
            let Ok([value, how, thread, ..]) = memory::read::<[u64; 4]>(tid, regs.arg(1)) else {
                return self.answer(tid, regs, failure(Errno::EFAULT));
            };
            let signal = signal_argument(how & 0xffff_ffff);
            let thread = Pid::from_raw(thread as u32 as i32);
            let is_ours = self
                .world
                .tasks
                .iter()
                .any(|task| task.tid == thread && task.pid == pid);
            match ((how >> 32) as i32, signal) {
                (libc::SIGEV_NONE, _) => Some(Notify::Nothing),
                // Only libc makes threads of the latter.
                (libc::SIGEV_SIGNAL | libc::SIGEV_THREAD, Some(signal)) => Some(Notify::Signal {
                    signal,
                    value,
                    thread: None,
                }),
                (libc::SIGEV_THREAD_ID, Some(signal)) if is_ours => Some(Notify::Signal {
                    signal,
                    value,
                    thread: Some(thread),
                }),
                _ => None,
            }
        };
        let Some(notify) = notify else {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        };
        let written = memory::write(tid, regs.arg(2), &id);
        if written.is_ok() {
            self.world.timers.add_posix(pid, id, at_exec, notify);
        }
        self.answer_written(tid, regs, written, 0)
    }

    /// timer_settime(id, flags, new, old).
    pub(super) fn timer_settime(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let key = posix(pid, regs.arg(0));
        if regs.arg(2) == 0 {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        }
        let at_exec = self.world.timers.get(key).map(|timer| timer.at_exec);
        let is_absolute = regs.arg(1) as u32 as i32 & libc::TIMER_ABSTIME != 0;
        let new = self.read_setting(tid, regs.arg(2), at_exec.unwrap_or(0), is_absolute);
        let new = match new.and_then(|new| at_exec.map(|_| new).ok_or(Errno::EINVAL)) {
            // timer_gettime(2) shows no interval of a timer that is off.
            Ok(Setting { at: None, .. }) => Setting::OFF,
            Ok(new) => new,
            Err(errno) => return self.answer(tid, regs, failure(errno)),
        };
        let now = self.world.clock.now();
        let old = self.set_timer(key, new);
        self.fire_past_timers()?;
        let mut written = Ok(());
        if regs.arg(3) != 0 {
            written = memory::write(tid, regs.arg(3), &raw_itimerspec(old, now));
        }
        self.answer_written(tid, regs, written, 0)
    }

    /// A timer set to a moment that is past expires before the call returns.
    fn fire_past_timers(&mut self) -> Outcome<()> {
        let now = self.world.clock.now();
        while self.next_timer().is_some_and(|(at, _)| at <= now) {
            self.fire_timer()?;
        }
        Ok(())
    }

    pub(super) fn timer_gettime(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let Some(setting) = self
            .world
            .timers
            .setting(posix(pid, regs.arg(0)), self.world.clock.now())
        else {
            return self.answer(tid, regs, failure(Errno::EINVAL));
        };
        let raw = raw_itimerspec(setting, self.world.clock.now());
        let written = memory::write(tid, regs.arg(1), &raw);
        self.answer_written(tid, regs, written, 0)
    }

    /// A `struct itimerspec` at `address`.
    fn read_setting(
        &self,
        tid: Pid,
        address: u64,
        at_exec: i64,
        is_absolute: bool,
    ) -> Result<Setting, Errno> {
        let raw = memory::read::<[u64; 4]>(tid, address).map_err(|_| Errno::EFAULT)?;
        let (interval, value) = timer_value(raw, clock_timespec).ok_or(Errno::EINVAL)?;
        let now = self.world.clock.now();
        Ok(match (value, is_absolute) {
            (0, _) => Setting { at: None, interval },
            (value, true) => Setting {
                at: Some(self.world.clock.when(at_exec, value)),
                interval,
            },
            (value, false) => Setting::after(now, value, interval),
        })
    }

    /// Makes the timerfd for which a task has called timerfd_create(2), whose call was handed
    /// over when it went on.
    pub(crate) fn serve_timerfd(&mut self, tid: Pid, at_exec: i64) -> Outcome<()> {
        /// `CAP_WAKE_ALARM` of capabilities(7).
        const WAKE_ALARM: u32 = 35;
        let failed = || Fault::own("make a timerfd for the program");
        let (clock, flags) = match self.world.task(tid)?.call() {
            Some(call) => (
                call.entry.arg(0) as u32 as i32,
                call.entry.arg(1) as u32 as i32,
            ),
            None => return Ok(()),
        };
        if let Some(request) = self.next_request(tid)?
            && let Some(listener) = &self.tracer.listener
        {
            let id = self.world.timers.add_fd(at_exec);
            let needs_right = matches!(
                clock,
                libc::CLOCK_REALTIME_ALARM | libc::CLOCK_BOOTTIME_ALARM
            );
            let made = if needs_right && !proc::has_capability(tid, WAKE_ALARM) {
                Err(Errno::EPERM)
            } else {
                fds::new_timerfd(clock, flags, id.0)
            };
            let given = match made {
                Ok(fd) => listener
                    .give(&request, fd.as_fd(), flags & libc::TFD_CLOEXEC != 0)
                    .map(|()| fd),
                Err(errno) => {
                    listener.fail(&request, errno).map_err(failed())?;
                    Err(errno)
                }
            };
            match given {
                Ok(fd) => drop(self.tracer.timerfds.insert(id, fd)),
                Err(_) => drop(self.world.timers.remove(Key::Fd(id))),
            }
        }
        Ok(())
    }

    /// The call of a task that was handed over when it went on; nothing if it was interrupted
    /// before that, or killed.
    pub(super) fn next_request(&mut self, tid: Pid) -> Outcome<Option<serve::Request>> {
        let failed = || Fault::own("answer a call of the program");
        while let Some(listener) = &self.tracer.listener {
            match listener.next(10).map_err(failed())? {
                Some(request) if request.tid == tid => return Ok(Some(request)),
                Some(request) => listener.fail(&request, Errno::ENOSYS).map_err(failed())?,
                None if wait::ready(tid) != Ok(Ready::No) => return Ok(None),
                None => {}
            }
        }
        Ok(None)
    }

    /// timerfd_settime(fd, flags, new, old).
    pub(super) fn timerfd_settime(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let Some(id) = self.timerfd(pid, regs.arg(0) as u32 as i32) else {
            return Ok(Next::USER);
        };
        let key = Key::Fd(id);
        let at_exec = self.world.timers.get(key).map_or(0, |timer| timer.at_exec);
        let flags = regs.arg(1) as u32 as i32;
        if flags & !(libc::TFD_TIMER_ABSTIME | libc::TFD_TIMER_CANCEL_ON_SET) != 0 {
            return Ok(Next::USER);
        }
        let is_absolute = flags & libc::TFD_TIMER_ABSTIME != 0;
        let new = match self.read_setting(tid, regs.arg(2), at_exec, is_absolute) {
            Ok(new) => new,
            Err(errno) => return self.answer(tid, regs, failure(errno)),
        };
        if let Some(fd) = self.tracer.timerfds.get(&id) {
            // Unread expirations are gone. It can't fail: the descriptor is a timerfd.
            let _ = fds::clear_timerfd(fd, id.0);
        }
        let now = self.world.clock.now();
        let old = self.set_timer(key, new);
        self.fire_past_timers()?;
        let mut written = Ok(());
        if regs.arg(3) != 0 {
            written = memory::write(tid, regs.arg(3), &raw_itimerspec(old, now));
        }
        self.answer_written(tid, regs, written, 0)
    }

    pub(super) fn timerfd_gettime(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let pid = self.world.task(tid)?.pid;
        let now = self.world.clock.now();
        let setting = self
            .timerfd(pid, regs.arg(0) as u32 as i32)
            .and_then(|id| self.world.timers.setting(Key::Fd(id), now));
        let Some(setting) = setting else {
            return Ok(Next::USER);
        };
        let written = memory::write(tid, regs.arg(1), &raw_itimerspec(setting, now));
        self.answer_written(tid, regs, written, 0)
    }

    fn alarm_setting(&self, pid: Pid) -> Setting {
        let now = self.world.clock.now();
        self.world
            .timers
            .setting(Key::Alarm(pid.as_raw()), now)
            .unwrap_or(Setting::OFF)
    }

    /// Sets a process's `ITIMER_REAL`; returns the old setting.
    fn set_alarm(&mut self, pid: Pid, new: Setting) -> Setting {
        let old = self.alarm_setting(pid);
        let order = self.world.next_order();
        self.world.timers.set_alarm(pid, new, order);
        old
    }

    /// Sets a timer; returns the old setting.
    fn set_timer(&mut self, key: Key, new: Setting) -> Setting {
        let now = self.world.clock.now();
        let old = self.world.timers.setting(key, now).unwrap_or(Setting::OFF);
        let order = self.world.next_order();
        self.world.timers.set(key, new, order);
        old
    }
}

/// The POSIX timer that an argument names.
fn posix(pid: Pid, id: u64) -> Key {
    Key::Posix(pid.as_raw(), id as u32 as i32)
}

fn clock_timeval(seconds: i64, micros: i64) -> Option<i64> {
    clock::nanos_of_timeval(libc::timeval {
        tv_sec: seconds,
        tv_usec: micros,
    })
}

fn clock_timespec(seconds: i64, nanos: i64) -> Option<i64> {
    clock::nanos(libc::timespec {
        tv_sec: seconds,
        tv_nsec: nanos,
    })
}

/// Interval and value, in nanoseconds, of a `struct itimerval` or `itimerspec`.
fn timer_value(raw: [u64; 4], nanos: impl Fn(i64, i64) -> Option<i64>) -> Option<(i64, i64)> {
    let [a, b, c, d] = raw.map(u64::cast_signed);
    Some((nanos(a, b)?, nanos(c, d)?))
}

fn raw_itimerspec(setting: Setting, now: Time) -> [u64; 4] {
    let (value, interval) = setting.left(now);
    let (interval, value) = (clock::timespec(interval), clock::timespec(value));
    [
        interval.tv_sec,
        interval.tv_nsec,
        value.tv_sec,
        value.tv_nsec,
    ]
    .map(i64::cast_unsigned)
}

fn raw_itimerval(setting: Setting, now: Time) -> [u64; 4] {
    let (value, interval) = setting.left(now);
    let convert = |nanos| clock::timeval_of(clock::duration(nanos));
    let (interval, value) = (convert(interval), convert(value));
    [
        interval.tv_sec,
        interval.tv_usec,
        value.tv_sec,
        value.tv_usec,
    ]
    .map(i64::cast_unsigned)
}
