//! The timers behind alarm, setitimer, timer_create and timerfd: when they expire, and what
//! becomes of them then.
//!
//! As in the kernel, a periodic timer that has expired rests until its expiry is noticed (its
//! signal is taken, its descriptor is read), and the periods that have passed meanwhile are
//! counted then, not played one by one: `posixtimer_rearm` and `posixtimer_rearm_itimer` in
//! kernel/time, `timerfd_read_iter` in fs/timerfd.c. So a timer whose signal is blocked and
//! pending changes nothing any more.

//!
//! A POSIX timer has its own place in the queue of pending signals, once: it doesn't merge with
//! signals of others (posixtimer_send_sigqueue in kernel/signal.c). siglab can only send what
//! merges, so a timer's signal is held back while one like it is pending. Since Linux 6.13 its
//! pending signal is thrown away when the timer is set or deleted: not at once, but when its
//! turn comes (posixtimer_deliver_signal). And one that expires while its signal is ignored
//! rests until that isn't so any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use siglab_model::{SigSet, Signal, Time};

use crate::kernel::sys::Pid;
use crate::kernel::sys::send::QueuedInfo;
use crate::world::clock;

/// When a timer expires, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// When it expires next; absent if it is off or rests.
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

/// A timerfd of the run: the number of its creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FdTimer(pub(crate) u64);

/// Which timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    /// `ITIMER_REAL` of a process.
    Alarm(i32),
    /// A POSIX timer of a process, by its id.
    Posix(i32, i32),
    /// A timerfd.
    Fd(FdTimer),
}

/// A timer.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    setting: Setting,
    /// When it would have expired next, while it rests.
    resting: Option<Time>,
    /// The place in the order of arming.
    order: u64,
    /// What its clock showed at the exec, in nanoseconds.
    pub(crate) at_exec: i64,
    pub(crate) notify: Notify,
    /// Whether its signal was sent and not taken yet.
    in_flight: bool,
    /// Whether that signal was blocked when it was sent, and so is kept even if it is ignored.
    was_blocked: bool,
    /// Overruns of the signal that was taken last.
    overruns: i32,
}

impl Timer {
    fn new(at_exec: i64, notify: Notify) -> Self {
        Self {
            setting: Setting::OFF,
            resting: None,
            order: 0,
            at_exec,
            notify,
            in_flight: false,
            was_blocked: false,
            overruns: 0,
        }
    }

    /// Whether it is off for good, unless it is set again.
    pub(crate) fn is_over(&self) -> bool {
        self.setting.at.is_none() && self.resting.is_none()
    }

    /// Whether it sends this signal to the process, or to this thread of it.
    fn sends_to(&self, wanted: Signal, to: Option<Pid>) -> bool {
        matches!(
            self.notify,
            Notify::Signal { signal, thread, .. } if signal == wanted && thread == to
        )
    }

    fn sends(&self, wanted: Signal) -> bool {
        matches!(self.notify, Notify::Signal { signal, .. } if signal == wanted)
    }

    /// The next expiry after `now` of one that rests since `next` was to come, and how many
    /// have passed.
    fn passed(&self, next: Time, now: Time) -> (Time, u64) {
        let interval = u64::try_from(self.setting.interval).unwrap_or(0);
        if next > now || interval == 0 {
            return (next, 0);
        }
        let behind = u64::try_from(now.since(next).as_nanos()).unwrap_or(u64::MAX);
        let passed = behind / interval + 1;
        let ahead = interval.saturating_mul(passed);
        let next = Time::from_nanos(next.as_nanos().saturating_add(ahead));
        (next, passed)
    }
}

/// A timer's signal that waits until one like it isn't pending any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) pid: Pid,
    /// The id of its timer.
    id: i32,
    pub(crate) thread: Option<Pid>,
    pub(crate) signal: Signal,
    pub(crate) queued: QueuedInfo,
}

/// All timers of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    all: BTreeMap<Key, Timer>,
    /// Those that are armed: when, and in which order.
    armed: BTreeSet<(Time, u64, Key)>,
    /// The id of each process's next timer.
    next_ids: HashMap<i32, i32>,
    next_fd: u64,
    /// Whether the kernel is older than 6.13.
    keeps_pending: bool,
    /// Timers that have been set or deleted while their signal was pending, which still is.
    stale: BTreeMap<Key, Signal>,
    /// In the order of their expiry.
    held: Vec<Held>,
    /// Periodic timers that have expired while their signal was ignored.
    ignored: BTreeSet<Key>,
}

impl Timers {
    /// None. `discards`: whether setting or deleting one throws its pending signal away.
    pub(crate) fn new(discards: bool) -> Self {
        Self {
            keeps_pending: !discards,
            ..Self::default()
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Timer> {
        self.all.get(&key)
    }

    /// When a timer expires next, at `now`; `None` if there is no such timer.
    pub(crate) fn setting(&self, key: Key, now: Time) -> Option<Setting> {
        let timer = self.all.get(&key)?;
        let at = match (timer.resting, key) {
            // getitimer(2) shows 0 then: itimer_get_remtime in kernel/time/itimer.c.
            (Some(_), Key::Alarm(_)) => None,
            (Some(next), _) => Some(timer.passed(next, now).0),
            (None, _) => timer.setting.at,
        };
        Some(Setting {
            at,
            ..timer.setting
        })
    }

    /// Sets a timer that exists. `order`: its place in the order of arming.
    pub(crate) fn set(&mut self, key: Key, new: Setting, order: u64) {
        let Some(timer) = self.all.get_mut(&key) else {
            return;
        };
        if let Some(at) = timer.setting.at {
            self.armed.remove(&(at, timer.order, key));
        }
        timer.setting = new;
        timer.resting = None;
        timer.order = order;
        timer.overruns = 0;
        if let Some(at) = new.at {
            self.armed.insert((at, order, key));
        }
        self.withdraw(key);
    }

    /// The pending signal of a timer isn't wanted any more.
    fn withdraw(&mut self, key: Key) {
        self.ignored.remove(&key);
        let (Key::Posix(pid, id), Some(timer)) = (key, self.all.get_mut(&key)) else {
            return;
        };
        let was_in_flight = std::mem::take(&mut timer.in_flight);
        let Notify::Signal { signal, .. } = timer.notify else {
            return;
        };
        if self.keeps_pending || !was_in_flight {
            return;
        }
        let before = self.held.len();
        self.held
            .retain(|held| held.pid.as_raw() != pid || held.id != id);
        if self.held.len() == before {
            self.stale.insert(key, signal);
        }
    }

    /// A timer's signal is to be sent. Whether it is pending already: one that was to be
    /// thrown away counts again.
    pub(crate) fn send(&mut self, key: Key) -> bool {
        if let Some(timer) = self.all.get_mut(&key) {
            timer.in_flight = true;
        }
        self.stale.remove(&key).is_some()
    }

    /// Says of the signal that a timer has sent whether it was blocked.
    pub(crate) fn was_blocked(&mut self, key: Key, blocked: bool) {
        if let Some(timer) = self.all.get_mut(&key) {
            timer.was_blocked = blocked;
        }
    }

    /// Whether the signal of a timer, which is taken now, is ignored from the start: not if it
    /// was blocked when it was sent (`sig_ignored` in kernel/signal.c).
    pub(crate) fn is_ignored(&self, key: Key) -> bool {
        self.all.get(&key).is_some_and(|timer| !timer.was_blocked)
    }

    /// Keeps a POSIX timer's signal back.
    pub(crate) fn hold(
        &mut self,
        pid: Pid,
        id: i32,
        thread: Option<Pid>,
        signal: Signal,
        queued: QueuedInfo,
    ) {
        self.held.push(Held {
            pid,
            id,
            thread,
            signal,
            queued,
        });
    }

    /// The signals of timers of a process that are held back, in order.
    pub(crate) fn held(&self, pid: Pid, signal: Signal) -> Vec<Held> {
        let is_meant = |held: &&Held| held.pid == pid && held.signal == signal;
        self.held.iter().filter(is_meant).copied().collect()
    }

    /// A signal that was held back is sent.
    pub(crate) fn release(&mut self, sent: &Held) {
        self.held
            .retain(|held| held.pid != sent.pid || held.id != sent.id);
    }

    /// Whether a pending signal of a process will be thrown away.
    pub(crate) fn has_stale(&self, pid: Pid) -> bool {
        let of = |id| Key::Posix(pid.as_raw(), id);
        self.stale
            .range(of(i32::MIN)..=of(i32::MAX))
            .next()
            .is_some()
    }

    /// Pending instances of `signal` are thrown away: the process ignores it from now on.
    pub(crate) fn flush(&mut self, pid: Pid, signal: Signal, now: Time, order: u64) {
        let is_meant = |key: &Key| matches!(key, Key::Posix(of, _) if *of == pid.as_raw());
        self.stale.retain(|key, of| !is_meant(key) || *of != signal);
        self.held
            .retain(|held| held.pid != pid || held.signal != signal);
        let sent: Vec<Key> = self
            .all
            .iter()
            .filter(|(key, timer)| is_meant(key) && timer.in_flight && timer.sends(signal))
            .map(|(key, _)| *key)
            .collect();
        for key in sent {
            self.ignore(key, now, order);
        }
    }

    /// A timer's signal was thrown away because it is ignored.
    pub(crate) fn ignore(&mut self, key: Key, now: Time, order: u64) {
        if self.keeps_pending {
            self.rearm(key, now, order);
        } else if let Some(timer) = self.all.get_mut(&key) {
            timer.in_flight = false;
            if timer.resting.is_some() {
                self.ignored.insert(key);
            }
        }
    }

    /// A signal isn't ignored any more. The timers of the process that have expired
    /// meanwhile: they send it now.
    pub(crate) fn unignore(&mut self, pid: Pid, signal: Signal) -> Vec<Key> {
        let of = |id| Key::Posix(pid.as_raw(), id);
        let keys: Vec<Key> = self
            .ignored
            .range(of(i32::MIN)..=of(i32::MAX))
            .filter(|key| self.all.get(key).is_some_and(|timer| timer.sends(signal)))
            .copied()
            .collect();
        for key in &keys {
            self.ignored.remove(key);
        }
        keys
    }

    /// Sets a process's `ITIMER_REAL`.
    pub(crate) fn set_alarm(&mut self, pid: Pid, new: Setting, order: u64) {
        let key = Key::Alarm(pid.as_raw());
        self.remove(key);
        if new.at.is_some() {
            let notify = Notify::Signal {
                signal: Signal::ALRM,
                value: 0,
                thread: None,
            };
            self.all.insert(key, Timer::new(0, notify));
            self.set(key, new, order);
        }
    }

    /// The id of a new POSIX timer. They aren't used again until they run out, not even after
    /// exec(2): posix_timer_add in kernel/time/posix-timers.c.
    pub(crate) fn new_posix_id(&mut self, pid: Pid) -> i32 {
        let pid = pid.as_raw();
        let next = self.next_ids.entry(pid).or_insert(0);
        while self.all.contains_key(&Key::Posix(pid, *next)) {
            *next = next.wrapping_add(1) & i32::MAX;
        }
        let id = *next;
        *next = next.wrapping_add(1) & i32::MAX;
        id
    }

    /// How many POSIX timers there are.
    pub(crate) fn posix_timers(&self) -> usize {
        let is_posix = |key: &&Key| matches!(key, Key::Posix(..));
        self.all.keys().filter(is_posix).count()
    }

    pub(crate) fn add_posix(&mut self, pid: Pid, id: i32, at_exec: i64, notify: Notify) {
        let key = Key::Posix(pid.as_raw(), id);
        self.all.insert(key, Timer::new(at_exec, notify));
    }

    pub(crate) fn add_fd(&mut self, at_exec: i64) -> FdTimer {
        let id = FdTimer(self.next_fd);
        self.next_fd += 1;
        self.all
            .insert(Key::Fd(id), Timer::new(at_exec, Notify::Nothing));
        id
    }

    /// Overruns of the signal of a timer that was taken last: timer_getoverrun(2).
    pub(crate) fn overruns(&self, key: Key) -> Option<i32> {
        self.all.get(&key).map(|timer| timer.overruns)
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, key: Key) -> bool {
        self.withdraw(key);
        let Some(timer) = self.all.remove(&key) else {
            return false;
        };
        if let Some(at) = timer.setting.at {
            self.armed.remove(&(at, timer.order, key));
        }
        true
    }

    /// exec(2) deletes a process's POSIX timers, and throws their pending signals away.
    pub(crate) fn delete_posix(&mut self, pid: Pid) {
        let pid = pid.as_raw();
        let keys: Vec<Key> = self
            .all
            .range(Key::Posix(pid, i32::MIN)..=Key::Posix(pid, i32::MAX))
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.remove(key);
        }
        self.stale
            .retain(|key, _| !matches!(key, Key::Posix(of, _) if *of == pid));
        self.held.retain(|held| held.pid.as_raw() != pid);
    }

    /// The process is gone.
    pub(crate) fn delete_all(&mut self, pid: Pid) {
        self.delete_posix(pid);
        self.next_ids.remove(&pid.as_raw());
        self.remove(Key::Alarm(pid.as_raw()));
    }

    /// The signals that a process's timers send.
    pub(crate) fn signals(&self, pid: Pid) -> SigSet {
        let mut signals = SigSet::EMPTY;
        for (key, timer) in &self.all {
            match (key, timer.notify) {
                (Key::Alarm(of), _) if *of == pid.as_raw() => signals.insert(Signal::ALRM),
                (Key::Posix(of, _), Notify::Signal { signal, .. }) if *of == pid.as_raw() => {
                    signals.insert(signal);
                }
                _ => {}
            }
        }
        signals
    }

    /// A timer that sends `signal` to a process, or to one thread of it: the one that expires first
    /// of those that are armed, and when; or else any.
    pub(crate) fn source(
        &self,
        pid: Pid,
        thread: Option<Pid>,
        signal: Signal,
    ) -> Option<(Key, Option<Time>)> {
        let is_source = |key: &Key| match key {
            Key::Alarm(of) => *of == pid.as_raw() && signal == Signal::ALRM && thread.is_none(),
            Key::Posix(of, _) => {
                *of == pid.as_raw()
                    && (self.all.get(key)).is_some_and(|timer| timer.sends_to(signal, thread))
            }
            Key::Fd(_) => false,
        };
        let mut armed = self.armed.iter();
        if let Some((at, _, key)) = armed.find(|(_, _, key)| is_source(key)) {
            return Some((*key, Some(*at)));
        }
        let posix = self.all.keys().filter(|key| matches!(key, Key::Posix(..)));
        posix.copied().find(is_source).map(|key| (key, None))
    }

    /// The earliest expiry: when, in which order of arming, and of which timer.
    pub(crate) fn earliest(&self) -> Option<(Time, u64, Key)> {
        self.armed.first().copied()
    }

    /// A timer expires: it is off, or rests until that is noticed.
    pub(crate) fn expire(&mut self, key: Key) {
        let Some(timer) = self.all.get_mut(&key) else {
            return;
        };
        let Some(at) = timer.setting.at.take() else {
            return;
        };
        self.armed.remove(&(at, timer.order, key));
        if timer.setting.interval > 0 {
            timer.resting = Some(at + clock::duration(timer.setting.interval));
        }
    }

    /// The expiry of a timer was noticed: it goes on. `order`: its place in the order of
    /// arming. Returns how many periods have passed since.
    pub(crate) fn rearm(&mut self, key: Key, now: Time, order: u64) -> u64 {
        let Some(timer) = self.all.get_mut(&key) else {
            return 0;
        };
        timer.in_flight = false;
        let Some(resting) = timer.resting.take() else {
            return 0;
        };
        let (next, passed) = timer.passed(resting, now);
        timer.setting.at = Some(next);
        timer.order = order;
        self.armed.insert((next, order, key));
        passed
    }

    /// The signal of a POSIX timer was taken. Returns its overruns, or `None` if it isn't
    /// one that this timer has sent.
    pub(crate) fn taken(&mut self, key: Key, now: Time, order: u64) -> Option<i32> {
        if !self.all.get(&key)?.in_flight {
            return None;
        }
        // timer_getoverrun(2): at most DELAYTIMER_MAX, which is INT_MAX.
        let passed = i32::try_from(self.rearm(key, now, order)).unwrap_or(i32::MAX);
        self.all.get_mut(&key)?.overruns = passed;
        Some(passed)
    }

    /// Whether the signal of a POSIX timer that was taken is to be thrown away.
    pub(crate) fn takes_stale(&mut self, key: Key) -> bool {
        self.stale.remove(&key).is_some()
    }

    /// The timerfds that have expired and rest, and how many periods have passed since the
    /// expiry that made them readable.
    pub(crate) fn resting_fds(&self, now: Time) -> Vec<(FdTimer, u64)> {
        self.all
            .range(Key::Fd(FdTimer(0))..)
            .filter_map(|(key, timer)| match (key, timer.resting) {
                (Key::Fd(id), Some(next)) => Some((*id, timer.passed(next, now).1)),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    fn with_posix(interval: i64) -> (Timers, Key) {
        let mut timers = Timers::default();
        let pid = Pid::from_raw(7);
        let notify = Notify::Signal {
            signal: Signal::USR1,
            value: 0,
            thread: None,
        };
        let id = timers.new_posix_id(pid);
        timers.add_posix(pid, id, 0, notify);
        let key = Key::Posix(7, id);
        timers.set(key, Setting::after(Time::ZERO, 10, interval), 1);
        (timers, key)
    }

    #[test]
    fn overruns_are_counted_when_the_signal_is_taken() {
        let (mut timers, key) = with_posix(10);
        assert_eq!(timers.earliest(), Some((at(10), 1, key)));
        timers.expire(key);
        assert_eq!(timers.earliest(), None);
        assert!(!timers.send(key));
        // At 45, those of 20, 30 and 40 are overruns.
        assert_eq!(timers.taken(key, at(45), 2), Some(3));
        assert_eq!(timers.earliest(), Some((at(50), 2, key)));
        assert_eq!(timers.overruns(key), Some(3));
        assert_eq!(timers.taken(key, at(45), 3), None);
    }

    #[test]
    fn what_is_pending_when_a_timer_is_set_is_thrown_away_unless_it_expires_again() {
        for again in [false, true] {
            let (mut timers, key) = with_posix(0);
            timers.expire(key);
            assert!(!timers.send(key));
            timers.set(key, Setting::after(at(10), 10, 0), 2);
            assert!(timers.has_stale(Pid::from_raw(7)));
            if again {
                timers.expire(key);
                // It has its place in the queue already.
                assert!(timers.send(key));
            }
            assert_eq!(timers.takes_stale(key), !again);
            assert_eq!(timers.taken(key, at(30), 3), again.then_some(0));
            assert!(!timers.has_stale(Pid::from_raw(7)));
        }
    }

    #[test]
    fn a_deleted_timer_s_signal_is_thrown_away() {
        let (mut timers, key) = with_posix(0);
        timers.expire(key);
        timers.send(key);
        assert!(timers.remove(key));
        assert!(timers.takes_stale(key));

        let (mut timers, key) = with_posix(0);
        timers.keeps_pending = true;
        timers.expire(key);
        timers.send(key);
        assert!(timers.remove(key));
        assert!(!timers.takes_stale(key));
    }

    #[test]
    fn a_periodic_timer_rests_while_its_signal_is_ignored() {
        let (mut timers, key) = with_posix(10);
        let pid = Pid::from_raw(7);
        timers.expire(key);
        timers.send(key);
        timers.flush(pid, Signal::USR1, at(25), 2);
        assert_eq!(timers.earliest(), None);
        assert_eq!(timers.unignore(pid, Signal::USR2), []);
        assert_eq!(timers.unignore(pid, Signal::USR1), [key]);
        assert_eq!(timers.unignore(pid, Signal::USR1), []);
    }

    #[test]
    fn one_that_rests_says_when_it_would_expire() {
        let (mut timers, key) = with_posix(10);
        timers.expire(key);
        let left = timers
            .setting(key, at(45))
            .expect("it is there")
            .left(at(45));
        assert_eq!(left, (5, 10));
    }

    #[test]
    fn what_expires_at_the_same_time_does_in_the_order_of_arming() {
        let mut timers = Timers::default();
        let (a, b) = (Key::Fd(timers.add_fd(0)), Key::Fd(timers.add_fd(0)));
        timers.set(b, Setting::after(Time::ZERO, 5, 0), 1);
        timers.set(a, Setting::after(Time::ZERO, 5, 0), 2);
        assert_eq!(timers.earliest(), Some((at(5), 1, b)));
        timers.expire(b);
        assert_eq!(timers.earliest(), Some((at(5), 2, a)));
    }

    #[test]
    fn ids_are_not_used_again() {
        let (mut timers, _) = with_posix(0);
        let pid = Pid::from_raw(7);
        let next = timers.new_posix_id(pid);
        timers.add_posix(pid, next, 0, Notify::Nothing);
        assert_eq!(timers.new_posix_id(pid), 2);
        assert!(timers.remove(Key::Posix(7, 0)));
        assert_eq!(timers.new_posix_id(pid), 3);
        assert_eq!(timers.new_posix_id(Pid::from_raw(8)), 0);
        timers.delete_posix(pid);
        assert_eq!(timers.new_posix_id(pid), 4);
    }
}
