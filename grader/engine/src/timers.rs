//! The timers behind alarm, setitimer, timer_create and timerfd: kept here, carried out by
//! real signals and real descriptors.

use std::os::fd::OwnedFd;

use siglab_model::{Role, SigInfo, Signal, Time};

use crate::clock;
use crate::fault::Outcome;
use crate::info::{self, ALARM_MARK, SI_TIMER};
use crate::run::Run;
use crate::sys::send::{self, QueuedInfo};
use crate::sys::{Pid, fds, proc};

/// When a timer expires, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) at: Option<Time>,
    /// Nanoseconds; 0 is once.
    pub(crate) interval: i64,
}

impl Setting {
    pub(crate) const OFF: Self = Self {
        at: None,
        interval: 0,
    };

    /// After `value` nanoseconds (0 is never), then every `interval`.
    pub(crate) fn after(now: Time, value: i64, interval: i64) -> Self {
        let at = (value > 0).then(|| now + clock::duration(value));
        Self {
            at,
            interval: if at.is_some() { interval } else { 0 },
        }
    }

    /// Nanoseconds that are left, and the interval.
    pub(crate) fn left(self, now: Time) -> (i64, i64) {
        let left = self.at.map_or(0, |at| {
            i64::try_from(at.since(now).as_nanos())
                .unwrap_or(i64::MAX)
                .max(1)
        });
        (left, self.interval)
    }

    /// The next expiry after one.
    fn next(self) -> Self {
        let at = self.at.filter(|_| self.interval > 0);
        Self {
            at: at.map(|at| at + clock::duration(self.interval)),
            ..self
        }
    }
}

/// What a POSIX timer does at its expiry: timer_create(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notify {
    /// Nothing.
    Nothing,
    /// A signal with a value, to the process or one thread.
    Signal {
        signal: Signal,
        value: u64,
        thread: Option<Pid>,
    },
}

/// A timer.
#[derive(Debug)]
struct Timer {
    setting: Setting,
    what: What,
}

#[derive(Debug)]
enum What {
    /// `ITIMER_REAL` of a process.
    Alarm { pid: Pid },
    /// A POSIX timer.
    Posix {
        pid: Pid,
        id: i32,
        at_exec: i64,
        notify: Notify,
        /// Its signal was sent and not taken yet; further expiries are overruns.
        in_flight: bool,
        /// Overruns since its signal was sent.
        overruns: i32,
        /// Overruns of the signal that was taken last.
        last_overruns: i32,
    },
    /// A timerfd, through a descriptor of siglab's own.
    Fd { fd: OwnedFd, at_exec: i64 },
}

/// All timers of a run, in order of creation.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    list: Vec<Timer>,
}

impl Timers {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The setting of a process's `ITIMER_REAL`.
    pub(crate) fn alarm(&self, pid: Pid) -> Setting {
        self.list
            .iter()
            .find(|timer| matches!(timer.what, What::Alarm { pid: of } if of == pid))
            .map_or(Setting::OFF, |timer| timer.setting)
    }

    /// Sets it; returns the old setting.
    pub(crate) fn set_alarm(&mut self, pid: Pid, new: Setting) -> Setting {
        let old = self.alarm(pid);
        self.list
            .retain(|timer| !matches!(timer.what, What::Alarm { pid: of } if of == pid));
        if new.at.is_some() {
            self.list.push(Timer {
                setting: new,
                what: What::Alarm { pid },
            });
        }
        old
    }

    /// The lowest id that no timer of the process has.
    pub(crate) fn new_posix_id(&self, pid: Pid) -> i32 {
        (0..)
            .find(|id| self.find_posix(pid, *id).is_none())
            .unwrap_or(0)
    }

    pub(crate) fn add_posix(&mut self, pid: Pid, id: i32, at_exec: i64, notify: Notify) {
        let what = What::Posix {
            pid,
            id,
            at_exec,
            notify,
            in_flight: false,
            overruns: 0,
            last_overruns: 0,
        };
        self.list.push(Timer {
            setting: Setting::OFF,
            what,
        });
    }

    fn find_posix(&self, pid: Pid, id: i32) -> Option<usize> {
        self.list.iter().position(
            |timer| matches!(timer.what, What::Posix { pid: p, id: i, .. } if p == pid && i == id),
        )
    }

    pub(crate) fn posix(&self, pid: Pid, id: i32) -> Option<Setting> {
        self.find_posix(pid, id)
            .map(|index| self.list[index].setting)
    }

    pub(crate) fn posix_clock(&self, pid: Pid, id: i32) -> Option<i64> {
        match self.list[self.find_posix(pid, id)?].what {
            What::Posix { at_exec, .. } => Some(at_exec),
            _ => None,
        }
    }

    pub(crate) fn set_posix(&mut self, pid: Pid, id: i32, new: Setting) -> Setting {
        match self.find_posix(pid, id) {
            Some(index) => std::mem::replace(&mut self.list[index].setting, new),
            None => Setting::OFF,
        }
    }

    pub(crate) fn overrun(&self, pid: Pid, id: i32) -> Option<i32> {
        match self.list[self.find_posix(pid, id)?].what {
            What::Posix { last_overruns, .. } => Some(last_overruns),
            _ => None,
        }
    }

    pub(crate) fn delete(&mut self, pid: Pid, id: i32) -> bool {
        self.find_posix(pid, id)
            .map(|index| self.list.remove(index))
            .is_some()
    }

    /// exec(2) deletes a process's POSIX timers.
    pub(crate) fn delete_posix(&mut self, pid: Pid) {
        self.list
            .retain(|timer| !matches!(timer.what, What::Posix { pid: of, .. } if of == pid));
    }

    /// The process is gone.
    pub(crate) fn delete_all(&mut self, pid: Pid) {
        self.delete_posix(pid);
        self.set_alarm(pid, Setting::OFF);
    }

    /// A timer's signal was taken: fills in its overruns. Whether that changed `raw`.
    pub(crate) fn accepted(&mut self, taker: Pid, raw: &mut libc::siginfo_t) -> bool {
        if raw.si_code != SI_TIMER {
            return false;
        }
        let mut fields = info::fields(raw);
        let timer = self.find_posix(taker, fields.first);
        let Some(What::Posix {
            in_flight,
            overruns,
            last_overruns,
            ..
        }) = timer.map(|index| &mut self.list[index].what)
        else {
            return false;
        };
        *in_flight = false;
        *last_overruns = std::mem::take(overruns);
        fields.second = *last_overruns;
        *raw = send::siginfo(&fields);
        true
    }

    pub(crate) fn add_fd(&mut self, fd: OwnedFd, at_exec: i64) {
        self.list.push(Timer {
            setting: Setting::OFF,
            what: What::Fd { fd, at_exec },
        });
    }

    /// The timerfd that is descriptor `number` of a process.
    fn find_fd(&self, pid: Pid, number: i32) -> Option<usize> {
        self.list.iter().position(
            |timer| matches!(&timer.what, What::Fd { fd, .. } if fds::same_file(fd, pid, number)),
        )
    }

    pub(crate) fn fd_clock(&self, pid: Pid, number: i32) -> Option<i64> {
        match self.list[self.find_fd(pid, number)?].what {
            What::Fd { at_exec, .. } => Some(at_exec),
            _ => None,
        }
    }

    pub(crate) fn fd_setting(&self, pid: Pid, number: i32) -> Option<Setting> {
        self.find_fd(pid, number)
            .map(|index| self.list[index].setting)
    }

    /// Sets a timerfd; unread expirations are gone. Returns the old setting.
    pub(crate) fn set_fd(&mut self, pid: Pid, number: i32, new: Setting) -> Setting {
        let Some(index) = self.find_fd(pid, number) else {
            return Setting::OFF;
        };
        if let What::Fd { fd, .. } = &self.list[index].what {
            // It can't fail: the descriptor is a timerfd.
            let _ = fds::clear_timerfd(fd);
        }
        std::mem::replace(&mut self.list[index].setting, new)
    }

    /// The earliest expiry, of the timer created first if there are several.
    fn earliest(&self) -> Option<(Time, usize)> {
        self.list
            .iter()
            .enumerate()
            .filter_map(|(index, timer)| Some((timer.setting.at?, index)))
            .min()
    }
}

impl Run<'_> {
    /// When the next timer expires. Timers whose descriptors are all closed don't count.
    pub(crate) fn next_timer(&mut self) -> Option<Time> {
        loop {
            let (at, index) = self.timers.earliest()?;
            let is_open = match &self.timers.list[index].what {
                What::Fd { fd, .. } => self.is_open_somewhere(fd),
                _ => true,
            };
            if is_open {
                return Some(at);
            }
            self.timers.list.remove(index);
        }
    }

    fn is_open_somewhere(&self, fd: &OwnedFd) -> bool {
        self.processes
            .iter()
            .filter(|process| process.status.is_none())
            .any(|process| {
                proc::fds(process.pid).into_iter().any(|number| {
                    proc::fd_target(process.pid, number).is_some_and(|to| to.contains("[timerfd]"))
                        && fds::same_file(fd, process.pid, number)
                })
            })
    }

    /// The earliest timer expires.
    pub(crate) fn fire_timer(&mut self) -> Outcome<()> {
        let Some((_, index)) = self.timers.earliest() else {
            return Ok(());
        };
        let timer = &mut self.timers.list[index];
        timer.setting = timer.setting.next();
        match &mut timer.what {
            What::Fd { fd, .. } => {
                let ticks = fds::timerfd_ticks(fd) + 1;
                fds::set_timerfd_ticks(fd, ticks)?;
                Ok(())
            }
            What::Alarm { pid } => {
                let pid = *pid;
                if timer.setting.at.is_none() {
                    self.timers.list.remove(index);
                }
                self.raise_alarm(pid)
            }
            What::Posix {
                notify: Notify::Nothing,
                ..
            } => Ok(()),
            What::Posix {
                in_flight: true,
                overruns,
                ..
            } => {
                *overruns = overruns.saturating_add(1);
                Ok(())
            }
            What::Posix {
                pid,
                id,
                notify:
                    Notify::Signal {
                        signal,
                        value,
                        thread,
                    },
                in_flight,
                ..
            } => {
                let (pid, thread, signal) = (*pid, *thread, *signal);
                let queued = QueuedInfo::new(signal, SI_TIMER, *id, 0, *value);
                *in_flight = true;
                self.raise(pid, thread, signal, &queued)
            }
        }
    }

    fn raise_alarm(&mut self, pid: Pid) -> Outcome<()> {
        let queued = QueuedInfo::new(Signal::ALRM, ALARM_MARK, 0, 0, 0);
        self.raise(pid, None, Signal::ALRM, &queued)
    }

    /// Sends a timer's signal, in the kernel's name.
    fn raise(
        &mut self,
        pid: Pid,
        thread: Option<Pid>,
        signal: Signal,
        queued: &QueuedInfo,
    ) -> Outcome<()> {
        let target = self.survey(pid, thread, signal);
        if send::queue(pid, thread, queued).is_err() {
            // It has ended, and nobody has reaped it yet.
            return Ok(());
        }
        let mut raw = send::siginfo(queued);
        if raw.si_code == ALARM_MARK {
            info::make_kernels(&mut raw);
        }
        let info: SigInfo = info::describe(&raw, |pid| self.role_of(pid));
        self.generated(target, signal, &Role::new(Role::KERNEL), info)
    }
}
