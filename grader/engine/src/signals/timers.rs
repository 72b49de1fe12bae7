//! Timers that expire: their signals, sent in the kernel's name, and their descriptors.

use siglab_model::{Role, SigInfo, Signal, Time};

use crate::fault::{Fault, Outcome};
use crate::kernel::siginfo::{self, ALARM_MARK, SI_TIMER};
use crate::kernel::sys::limits::Lifted;
use crate::kernel::sys::send::{self, QueuedInfo};
use crate::kernel::sys::{Pid, fds, proc};
use crate::tracer::Run;
use crate::world::call::Target;
use crate::world::stirred::Wakes;
use crate::world::timers::{FdTimer, Key, Notify};

impl Run<'_> {
    /// When the next timer expires, and its place in the order of arming. Timers whose
    /// descriptors are all closed don't count.
    pub(crate) fn next_timer(&mut self) -> Option<(Time, u64)> {
        self.notice_reads();
        loop {
            let (at, order, key) = self.world.timers.earliest()?;
            let Key::Fd(id) = key else {
                return Some((at, order));
            };
            if self.is_open_somewhere(id) {
                return Some((at, order));
            }
            self.world.timers.remove(key);
            self.tracer.timerfds.remove(&id);
        }
    }

    fn is_open_somewhere(&self, id: FdTimer) -> bool {
        self.tracer.timerfds.contains_key(&id)
            && self
                .world
                .processes
                .iter()
                .filter(|process| process.status.is_none())
                .any(|process| {
                    let mut numbers = proc::fds(process.pid).into_iter();
                    numbers.any(|number| self.timerfd(process.pid, number) == Some(id))
                })
    }

    /// The timerfd that is descriptor `number` of a process.
    pub(crate) fn timerfd(&self, pid: Pid, number: i32) -> Option<FdTimer> {
        let is_timerfd = proc::fd_target(pid, number).is_some_and(|to| to.contains("[timerfd]"));
        let id = is_timerfd.then(|| fds::mark_of_timerfd(pid, number))??;
        let id = FdTimer(id);
        self.tracer.timerfds.contains_key(&id).then_some(id)
    }

    /// Periodic timerfds that were read go on.
    fn notice_reads(&mut self) {
        let now = self.world.clock.now();
        for (id, _) in self.world.timers.resting_fds(now) {
            let unread = self.tracer.timerfds.get(&id).map(fds::timerfd_ticks);
            if unread == Some(0) {
                let order = self.world.next_order();
                self.world.timers.rearm(Key::Fd(id), now, order);
            }
        }
    }

    /// The clock has moved: timerfds that nobody has read count what has passed.
    fn count_ticks(&mut self) -> Outcome<()> {
        let now = self.world.clock.now();
        for (id, passed) in self.world.timers.resting_fds(now) {
            if let Some(fd) = self.tracer.timerfds.get(&id)
                && fds::timerfd_ticks(fd) != 0
            {
                fds::set_timerfd_ticks(fd, passed + 1)
                    .map_err(Fault::own("make a timerfd expire"))?;
            }
        }
        Ok(())
    }

    /// Moves the clock. `recorded`: whether that is an event.
    pub(crate) fn advance_to(&mut self, time: Time, recorded: bool) -> Outcome<()> {
        self.world.advance_to(time, recorded);
        self.count_ticks()
    }

    /// The earliest timer expires.
    pub(crate) fn fire_timer(&mut self) -> Outcome<()> {
        let Some((_, _, key)) = self.world.timers.earliest() else {
            return Ok(());
        };
        self.world.timers.expire(key);
        match key {
            Key::Fd(id) => {
                self.world.stirred.call(Wakes::Descriptors);
                if let Some(fd) = self.tracer.timerfds.get(&id) {
                    let now = self.world.clock.now();
                    let passed = self.world.timers.resting_fds(now);
                    let passed = passed.iter().find(|(of, _)| *of == id);
                    fds::set_timerfd_ticks(fd, passed.map_or(0, |(_, passed)| *passed) + 1)
                        .map_err(Fault::own("make a timerfd expire"))?;
                }
                Ok(())
            }
            Key::Alarm(pid) => {
                if self
                    .world
                    .timers
                    .get(key)
                    .is_some_and(|timer| timer.is_over())
                {
                    self.world.timers.remove(key);
                }
                let queued = QueuedInfo::new(Signal::ALRM, ALARM_MARK, 0, 0, 0);
                let target = self.survey(Pid::from_raw(pid), None, Signal::ALRM);
                self.raise(target, Signal::ALRM, &queued)
            }
            Key::Posix(pid, id) => self.fire_posix(key, Pid::from_raw(pid), id),
        }
    }

    /// Sends a signal as a timer of the process's own does, if it has one for it. Whether it has.
    ///
    /// Time passes until an armed one expires: nobody promises a program that it runs before that.
    /// One that is off sends its signal at once, as one does that has expired, unless there is a
    /// limit in between.
    pub(crate) fn send_as_timer(
        &mut self,
        pid: Pid,
        thread: Option<Pid>,
        signal: Signal,
    ) -> Outcome<bool> {
        let Some((key, at)) = self.world.timers.source(pid, thread, signal) else {
            return Ok(false);
        };
        let Some(at) = at else {
            let Key::Posix(_, id) = key else {
                return Ok(false);
            };
            self.fire_posix(key, pid, id)?;
            return Ok(true);
        };
        if at >= self.world.options.limits.virtual_time {
            return Ok(false);
        }
        self.advance_to(at, true)?;
        while self.next_timer().is_some_and(|(due, _)| due <= at) {
            self.fire_timer()?;
        }
        Ok(true)
    }

    fn fire_posix(&mut self, key: Key, pid: Pid, id: i32) -> Outcome<()> {
        let now = self.world.clock.now();
        let order = self.world.next_order();
        let Some(timer) = self.world.timers.get(key) else {
            return Ok(());
        };
        match timer.notify {
            Notify::Nothing => {
                self.world.timers.rearm(key, now, order);
                Ok(())
            }
            Notify::Signal {
                signal,
                value,
                thread,
            } => self.send_timers(key, pid, id, thread, signal, value),
        }
    }

    /// A POSIX timer sends its signal. It has its own place in the queue.
    fn send_timers(
        &mut self,
        key: Key,
        pid: Pid,
        id: i32,
        thread: Option<Pid>,
        signal: Signal,
        value: u64,
    ) -> Outcome<()> {
        let queued = QueuedInfo::new(signal, SI_TIMER, id, 0, value);
        let is_pending = self.world.timers.send(key);
        let mut target = self.survey(pid, thread, signal);
        self.world.timers.was_blocked(key, target.blocked);
        if is_pending {
            self.world.expected.take(pid, signal);
        } else if target.was_pending && !signal.is_realtime() {
            self.world.timers.hold(pid, id, thread, signal, queued);
        } else {
            return self.raise(target, signal, &queued);
        }
        target.was_pending = false;
        self.record_raised(target, signal, &queued)
    }

    /// One signal is pending no more: one like it that was held back is.
    fn release_held(&mut self, pid: Pid, signal: Signal) {
        for held in self.world.timers.held(pid, signal) {
            if self.survey(pid, held.thread, signal).was_pending {
                continue;
            }
            self.world.timers.release(&held);
            self.world.stirred.process(pid);
            let lifted = Lifted::of(pid);
            // It fails if its thread has ended meanwhile; the kernel's signal is gone then, too.
            let _ = send::queue(pid, held.thread, &held.queued);
            if let Some(lifted) = lifted {
                lifted.put_back();
            }
        }
    }

    /// A signal was taken: that of a timer which was set or deleted since is thrown away, and
    /// nobody learns of it. Whether it was one.
    pub(crate) fn drops_stale(
        &mut self,
        taker: Pid,
        signal: Signal,
        raw: &libc::siginfo_t,
    ) -> bool {
        if raw.si_code != SI_TIMER || !self.world.timers.has_stale(taker) {
            return false;
        }
        let key = Key::Posix(taker.as_raw(), siginfo::fields(raw).first);
        let is_stale = self.world.timers.takes_stale(key);
        if is_stale {
            self.world.expected.take(taker, signal);
            self.release_held(taker, signal);
        }
        is_stale
    }

    /// A signal-delivery-stop is for a signal that is ignored: if it is a timer's, that rests.
    pub(crate) fn timer_signal_ignored(&mut self, tid: Pid) -> Outcome<()> {
        if self.world.timers.is_empty() {
            return Ok(());
        }
        let raw = self.tracer.stopped(tid)?.siginfo()?;
        if raw.si_code == SI_TIMER {
            let pid = self.world.task(tid)?.pid;
            let key = Key::Posix(pid.as_raw(), siginfo::fields(&raw).first);
            if !self.world.timers.is_ignored(key) {
                return Ok(());
            }
            let (now, order) = (self.world.clock.now(), self.world.next_order());
            self.world.timers.ignore(key, now, order);
        }
        Ok(())
    }

    /// exec(2) deletes a process's POSIX timers, and throws their pending signals away:
    /// flush_itimer_signals in kernel/signal.c.
    pub(crate) fn delete_posix_timers(&mut self, pid: Pid) {
        self.world.timers.delete_posix(pid);
        self.world.expected.discard_timers(pid);
    }

    /// A process's timer's signal was taken, or thrown away: a periodic timer goes on. Fills
    /// in its overruns. Whether that changed `raw`.
    pub(crate) fn timer_signal_taken(&mut self, taker: Pid, raw: &mut libc::siginfo_t) -> bool {
        let now = self.world.clock.now();
        if let Some(signal) = Signal::new(raw.si_signo) {
            self.release_held(taker, signal);
        }
        if raw.si_signo == libc::SIGALRM {
            // Whoever has sent this one: dequeue_signal in kernel/signal.c.
            let order = self.world.next_order();
            let key = Key::Alarm(taker.as_raw());
            self.world.timers.rearm(key, now, order);
        }
        if raw.si_code != SI_TIMER {
            return false;
        }
        let mut fields = siginfo::fields(raw);
        let order = self.world.next_order();
        let key = Key::Posix(taker.as_raw(), fields.first);
        let Some(overruns) = self.world.timers.taken(key, now, order) else {
            return false;
        };
        fields.second = overruns;
        *raw = send::siginfo(&fields);
        true
    }

    /// A process changed what it does with a signal: pending instances of one that it ignores
    /// are thrown away, and timers that have sent it in vain send it now if it doesn't.
    pub(crate) fn action_changed(
        &mut self,
        pid: Pid,
        signal: Signal,
        ignores: bool,
    ) -> Outcome<()> {
        if ignores {
            self.world.expected.discard(pid, signal);
            let (now, order) = (self.world.clock.now(), self.world.next_order());
            self.world.timers.flush(pid, signal, now, order);
            return Ok(());
        }
        for key in self.world.timers.unignore(pid, signal) {
            if let Key::Posix(_, id) = key {
                self.fire_posix(key, pid, id)?;
            }
        }
        Ok(())
    }

    /// Sends a timer's signal, in the kernel's name.
    fn raise(&mut self, target: Target, signal: Signal, queued: &QueuedInfo) -> Outcome<()> {
        if !self.send(target, signal, *queued)? {
            // It has ended, and nobody has reaped it yet.
            return Ok(());
        }
        self.record_raised(target, signal, queued)
    }

    fn record_raised(
        &mut self,
        target: Target,
        signal: Signal,
        queued: &QueuedInfo,
    ) -> Outcome<()> {
        let mut raw = send::siginfo(queued);
        if raw.si_code == ALARM_MARK {
            siginfo::make_kernels(&mut raw);
        }
        let info: SigInfo = self.describe_info(target.pid, &raw);
        self.generated(target, signal, &Role::new(Role::KERNEL), info)
    }
}
