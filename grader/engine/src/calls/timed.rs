//! Calls with a time-out. The kernel is given none: the task really waits, and is woken by
//! whatever wakes it natively, or by siglab at its virtual deadline.

use siglab_model::{Lock, StdioStream, WaitFor, WaitResult};

use siglab_model::Clock as ClockMode;

use super::table::{Format, TimeoutArgument, record};
use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Pid, memory};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::tracer::next::Next;
use crate::world::call::{After, Call, Remainder, Timeout, TimeoutStyle};
use crate::world::clock::{self, ClockKind};

impl Run<'_> {
    /// A call with a time-out, or of a kind that may have one.
    pub(super) fn timed_wait(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let timeout = self.take_over_timeout(tid, &regs)?;
        let (what, after, _) = self.describe_descriptor_wait(tid, &regs)?;
        self.begin(tid, &regs, after, what, timeout)
    }

    /// Takes the call's time-out away from the kernel, unless it is none or zero.
    pub(super) fn take_over_timeout(&mut self, tid: Pid, regs: &Regs) -> Outcome<Option<Timeout>> {
        match regs.sys().and_then(|sys| record(sys).timeout) {
            Some(spec) => self.take_over(tid, regs, &spec),
            None => Ok(None),
        }
    }

    /// Takes a time-out away from the kernel, unless it is none or zero, or time is real. A
    /// call that goes on after an interruption keeps its deadline: see `Run::begin`.
    fn take_over(
        &mut self,
        tid: Pid,
        regs: &Regs,
        spec: &TimeoutArgument,
    ) -> Outcome<Option<Timeout>> {
        if self.world.options.clock == ClockMode::Real {
            return Ok(None);
        }
        let value = regs.arg(spec.argument);
        let now = self.world.clock.now();
        let mut style = spec.style;
        let timespec = || {
            memory::read::<libc::timespec>(tid, value)
                .ok()
                .and_then(clock::nanos)
        };
        let nanos = match spec.format {
            Format::Millis => {
                let millis = value as u32 as i32;
                (millis >= 0).then(|| i64::from(millis) * 1_000_000)
            }
            _ if value == 0 => None,
            Format::Timespec => timespec(),
            Format::Timeval => memory::read::<libc::timeval>(tid, value)
                .ok()
                .and_then(nanos_of_long_timeval),
            Format::At(_) | Format::AtClockIn(_) => {
                match (self.world.clock.kind(spec.clock(regs)), timespec()) {
                    (ClockKind::Machine { at_exec }, Some(nanos)) => {
                        let left = self.world.clock.when(at_exec, nanos).since(now);
                        // One that is past must still not reach the kernel, whose clock is
                        // another one.
                        Some(i64::try_from(left.as_nanos()).unwrap_or(i64::MAX).max(1))
                    }
                    _ => None,
                }
            }
        };
        let Some(nanos) = nanos else { return Ok(None) };
        if nanos == 0 {
            return Ok(None);
        }
        style.remainder = match regs.sys() {
            Some(Sys::Select) => Remainder::Timeval(value),
            Some(Sys::Pselect6 | Sys::Ppoll) => Remainder::Timespec(value),
            _ => Remainder::None,
        };
        let mut untimed = *regs;
        let for_ever = if spec.format == Format::Millis {
            u64::from(u32::MAX)
        } else {
            0
        };
        untimed.set_arg(spec.argument, for_ever);
        self.tracer.stopped(tid)?.set_regs(&untimed)?;
        let deadline = now + clock::duration(nanos);
        Ok(Some(Timeout {
            order: self.world.next_order(),
            deadline,
            style,
            fired: false,
        }))
    }

    /// futex(word, operation, value, timeout or value2, word2, value3).
    pub(super) fn futex(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let operation = regs.arg(1) as u32 as i32;
        let on_realtime = operation & libc::FUTEX_CLOCK_REALTIME != 0;
        let on = if on_realtime {
            libc::CLOCK_REALTIME
        } else {
            libc::CLOCK_MONOTONIC
        };
        let (format, is_lock) = match operation & libc::FUTEX_CMD_MASK {
            libc::FUTEX_WAIT => (Format::Timespec, false),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAIT_REQUEUE_PI => (Format::At(on), false),
            libc::FUTEX_LOCK_PI => (Format::At(libc::CLOCK_REALTIME), true),
            libc::FUTEX_LOCK_PI2 => (Format::At(on), true),
            _ => return self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None),
        };
        // Locks of glibc and of Rust are 2 while somebody waits for them; semaphores,
        // conditions and threads that are joined never are, or hardly.
        let is_lock = is_lock || regs.arg(2) as u32 == 2;
        let what = self.describe_lock(tid, regs.arg(0), is_lock);
        let spec = TimeoutArgument {
            argument: 3,
            format,
            style: TimeoutStyle {
                result: -i64::from(libc::ETIMEDOUT),
                remainder: Remainder::None,
                clears_sets: false,
            },
        };
        let timeout = self.take_over(tid, &regs, &spec)?;
        self.begin(tid, &regs, After::Nothing, what, timeout)
    }

    /// What is at an address: the name of the variable and, if it is a pthread mutex, its owner.
    /// `is_lock`: whether it is a lock for sure.
    fn describe_lock(&mut self, tid: Pid, address: u64, is_lock: bool) -> WaitFor {
        /// Where glibc and musl keep the owner's tid in a pthread_mutex_t. Elsewhere there
        /// is something else, which is the tid of a task of the run only by accident.
        const OWNER: [u64; 2] = [8, 4];
        let variable = self.variable_at(tid, address);
        let lock = match (is_lock, variable) {
            (false, variable) => Lock::LockOrCondition(variable),
            (true, Some(variable)) => Lock::Lock(Some(variable)),
            (true, None) => self
                .stream_locked_at(tid, address)
                .map_or(Lock::Lock(None), Lock::Stdio),
        };
        let holder = OWNER
            .iter()
            .filter_map(|offset| memory::read::<i32>(tid, address + offset).ok())
            .find_map(|owner| {
                self.world
                    .tasks
                    .iter()
                    .find(|task| task.tid.as_raw() == owner)
            });
        WaitFor::Lock {
            lock,
            holder: holder.map(|task| task.role.clone()),
        }
    }

    /// The standard stream whose lock is at an address in glibc.
    fn stream_locked_at(&mut self, tid: Pid, address: u64) -> Option<StdioStream> {
        /// Where a `FILE` has the pointer to its lock: struct _IO_FILE, `_lock`.
        const LOCK: u64 = 136;
        const STREAMS: [(&str, StdioStream); 3] = [
            ("_IO_2_1_stdout_", StdioStream::Stdout),
            ("_IO_2_1_stderr_", StdioStream::Stderr),
            ("_IO_2_1_stdin_", StdioStream::Stdin),
        ];
        let pid = self.world.task(tid).ok()?.pid;
        STREAMS.into_iter().find_map(|(symbol, which)| {
            let stream = self.tracer.symbols.function(pid, symbol)?;
            let lock = memory::read::<u64>(tid, stream + LOCK).ok()?;
            (lock == address).then_some(which)
        })
    }

    /// nanosleep(time, left) and clock_nanosleep(clock, flags, time, left): while it lasts
    /// the task is in pause(2), which signals interrupt alike.
    pub(super) fn sleep(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        if self.world.options.clock == ClockMode::Real {
            return self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, None);
        }
        let is_nanosleep = regs.sys() == Some(Sys::Nanosleep);
        let (id, flags, time, left) = if is_nanosleep {
            (libc::CLOCK_MONOTONIC, 0, regs.arg(0), regs.arg(1))
        } else {
            (
                regs.arg(0) as u32 as i32,
                regs.arg(1) as u32 as i32,
                regs.arg(2),
                regs.arg(3),
            )
        };
        let nanos = memory::read::<libc::timespec>(tid, time)
            .ok()
            .and_then(clock::nanos);
        let at_exec = match self.timer_clock_of(tid, id)? {
            ClockKind::Machine { at_exec } => at_exec,
            // The kernel fails at once, or it is over at once.
            ClockKind::Processor
                if nanos.is_none_or(|nanos| nanos == 0) || id == libc::CLOCK_THREAD_CPUTIME_ID =>
            {
                return Ok(Next::USER);
            }
            ClockKind::Processor => {
                return self.unsupported(
                    tid,
                    &regs,
                    "a sleep in processor time",
                    crate::kernel::sys::Errno::ENOTSUP,
                );
            }
            ClockKind::Unknown => return self.begin_to_fail(tid, &regs),
        };
        let Some(nanos) = nanos else {
            return self.begin_to_fail(tid, &regs);
        };
        let on_alarm_clock = matches!(id, libc::CLOCK_REALTIME_ALARM | libc::CLOCK_BOOTTIME_ALARM);
        if on_alarm_clock && flags & !libc::TIMER_ABSTIME != 0 {
            return Ok(Next::USER);
        }
        let is_absolute = flags & libc::TIMER_ABSTIME != 0;
        let now = self.world.clock.now();
        let deadline = if is_absolute {
            self.world.clock.when(at_exec, nanos)
        } else {
            now + clock::duration(nanos)
        };
        if deadline == now && self.world.task(tid)?.interrupted_call().is_none() {
            return self.answer(tid, regs, 0);
        }
        let mut style = TimeoutStyle {
            result: 0,
            remainder: Remainder::None,
            clears_sets: false,
        };
        if !is_absolute && left != 0 {
            style.remainder = Remainder::OnInterrupt(left);
        }
        let mut pausing = regs;
        pausing.pause_instead();
        self.tracer.stopped(tid)?.set_regs(&pausing)?;
        let timeout = Some(Timeout {
            order: self.world.next_order(),
            deadline,
            style,
            fired: false,
        });
        self.begin(tid, &regs, After::Nothing, WaitFor::Unnamed, timeout)
    }

    /// The interrupted call has timed out: it returns what it does natively.
    pub(super) fn timed_out(
        &mut self,
        tid: Pid,
        mut regs: Regs,
        call: &Call,
        timeout: Timeout,
    ) -> Outcome<Next> {
        self.write_remainder(tid, call, false);
        if timeout.style.clears_sets {
            clear_sets(tid, &call.entry);
        }
        regs.skip_call(timeout.style.result);
        self.tracer.stopped(tid)?.set_regs(&regs)?;
        if call.wait_begun {
            self.wait_ended(tid, call.sys, WaitResult::TimedOut);
        }
        // This stop has taken the place of the one that siglab asked for.
        Ok(Next::USER)
    }
}

impl TimeoutArgument {
    /// The clock of an absolute time-out.
    fn clock(&self, regs: &Regs) -> i32 {
        match self.format {
            Format::At(id) => id,
            Format::AtClockIn(argument) => regs.arg(argument) as u32 as i32,
            Format::Millis | Format::Timespec | Format::Timeval => libc::CLOCK_MONOTONIC,
        }
    }
}

/// A `timeval` of select(2), whose microseconds may be more than a second: kern_select in
/// fs/select.c.
fn nanos_of_long_timeval(value: libc::timeval) -> Option<i64> {
    clock::nanos_of_timeval(libc::timeval {
        tv_sec: value.tv_sec.checked_add(value.tv_usec / 1_000_000)?,
        tv_usec: value.tv_usec % 1_000_000,
    })
}

/// select(2) at its time-out: all sets are empty.
fn clear_sets(tid: Pid, entry: &Regs) {
    let count = usize::try_from(entry.arg(0) as u32 as i32)
        .unwrap_or(0)
        .min(1 << 20);
    let zeros = vec![0; count.div_ceil(64) * 8];
    for index in 1..=3 {
        if entry.arg(index) != 0 && !zeros.is_empty() {
            let _ = memory::write_bytes(tid, entry.arg(index), &zeros);
        }
    }
}
