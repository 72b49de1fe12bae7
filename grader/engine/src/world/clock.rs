//! Virtual clocks.
//!
//! At the exec every clock has a fixed value; from then on all of them move together, and
//! only when the engine says so.

use std::time::Duration;

use siglab_model::Time;

/// `CLOCK_REALTIME` at the exec unless another date is wanted: 2026-01-01 00:00:00 UTC, in
/// seconds since 1970.
const REALTIME_AT_EXEC: i64 = 1_767_225_600;
/// `CLOCK_MONOTONIC` and `CLOCK_BOOTTIME` at the exec, in seconds.
const MONOTONIC_AT_EXEC: i64 = 10_000;
/// `CLOCK_TAI` is ahead of `CLOCK_REALTIME` by as many seconds.
const TAI_OFFSET: i64 = 37;
/// The time-stamp counter's frequency in ticks per nanosecond.
const TICKS_PER_NANOSECOND: u64 = 2;

const NANOS: i64 = 1_000_000_000;

/// The clocks of a run.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    now: Time,
    /// `CLOCK_REALTIME` at the exec, in seconds since 1970.
    realtime_at_exec: i64,
    /// Whether it has moved by itself since somebody asked.
    has_moved: bool,
    /// How often the time-stamp counter was read.
    stamps: u64,
}

/// What kind of clock an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockKind {
    /// A clock of the machine; its value at the exec, in nanoseconds.
    Machine {
        /// The value at the exec, in nanoseconds.
        at_exec: i64,
    },
    /// Processor time of the calling thread or process, or of another.
    Processor,
    /// No clock that the engine knows.
    Unknown,
}

impl Clock {
    /// What kind of clock `id` is: clock_gettime(2).
    pub(crate) fn kind(&self, id: i32) -> ClockKind {
        let at_exec = match id {
            libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_REALTIME_ALARM => {
                self.realtime_at_exec
            }
            libc::CLOCK_TAI => self.realtime_at_exec + TAI_OFFSET,
            libc::CLOCK_MONOTONIC
            | libc::CLOCK_MONOTONIC_RAW
            | libc::CLOCK_MONOTONIC_COARSE
            | libc::CLOCK_BOOTTIME
            | libc::CLOCK_BOOTTIME_ALARM => MONOTONIC_AT_EXEC,
            libc::CLOCK_PROCESS_CPUTIME_ID | libc::CLOCK_THREAD_CPUTIME_ID => {
                return ClockKind::Processor;
            }
            // Negative ids whose lowest three bits aren't 3 (a clock device) are processor
            // clocks of other processes and threads.
            id if id < 0 && id & 7 != 3 => return ClockKind::Processor,
            _ => return ClockKind::Unknown,
        };
        ClockKind::Machine {
            at_exec: at_exec.saturating_mul(NANOS),
        }
    }

    /// `date`: what `CLOCK_REALTIME` shows at the exec, in seconds since 1970.
    pub(crate) fn new(date: Option<i64>) -> Self {
        Self {
            now: Time::ZERO,
            realtime_at_exec: date.unwrap_or(REALTIME_AT_EXEC),
            has_moved: false,
            stamps: 0,
        }
    }

    /// Reading a clock takes time: as everywhere, a sleep lasts a little longer than was asked
    /// for, and a loop up to a deadline gets there.
    pub(crate) fn take_time_to_read(&mut self) {
        const READING: Duration = Duration::from_nanos(1);
        self.now = self.now + READING;
        self.has_moved = true;
    }

    /// Moves on by as much as a call takes, not beyond `most`.
    pub(crate) fn take_time(&mut self, call: Duration, most: Time) {
        self.now = (self.now + call).min(most).max(self.now);
        self.has_moved = true;
    }

    /// Whether it has moved by itself since this was asked last.
    pub(crate) fn has_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Moves to a later moment; an earlier one changes nothing.
    pub(crate) fn advance_to(&mut self, time: Time) {
        self.now = self.now.max(time);
    }

    /// What the machine clock with this value at the exec reads now, in nanoseconds.
    pub(crate) fn read(&self, at_exec: i64) -> i64 {
        at_exec.saturating_add(i64::try_from(self.now.as_nanos()).unwrap_or(i64::MAX))
    }

    /// When that clock reads `value`, in nanoseconds; now, if it already has.
    pub(crate) fn when(&self, at_exec: i64, value: i64) -> Time {
        let nanos = u64::try_from(value.saturating_sub(at_exec)).unwrap_or(0);
        Time::from_nanos(nanos).max(self.now)
    }

    /// What the time-stamp counter reads now: each time one more. The clock doesn't move by
    /// that; the dynamic linker reads it, too.
    pub(crate) fn time_stamp(&mut self) -> u64 {
        self.stamps += 1;
        let nanos = u64::try_from(self.read(MONOTONIC_AT_EXEC * NANOS)).unwrap_or(0);
        nanos
            .wrapping_mul(TICKS_PER_NANOSECOND)
            .wrapping_add(self.stamps)
    }

    /// `CLOCK_REALTIME`, in nanoseconds since 1970.
    pub(crate) fn realtime(&self) -> i64 {
        self.read(self.realtime_at_exec.saturating_mul(NANOS))
    }
}

/// Nanoseconds as a `timespec`.
pub(crate) fn timespec(nanos: i64) -> libc::timespec {
    libc::timespec {
        tv_sec: nanos.div_euclid(NANOS),
        tv_nsec: nanos.rem_euclid(NANOS),
    }
}

/// A duration as a `timespec`.
pub(crate) fn timespec_of(duration: Duration) -> libc::timespec {
    timespec(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

/// A `timespec` in nanoseconds; `None` if it isn't valid (the kernel says `EINVAL`).
pub(crate) fn nanos(spec: libc::timespec) -> Option<i64> {
    ((0..NANOS).contains(&spec.tv_nsec) && spec.tv_sec >= 0).then(|| {
        spec.tv_sec
            .saturating_mul(NANOS)
            .saturating_add(spec.tv_nsec)
    })
}

/// A `timeval` in nanoseconds; `None` if it isn't valid.
pub(crate) fn nanos_of_timeval(value: libc::timeval) -> Option<i64> {
    ((0..1_000_000).contains(&value.tv_usec) && value.tv_sec >= 0).then(|| {
        value
            .tv_sec
            .saturating_mul(NANOS)
            .saturating_add(value.tv_usec * 1000)
    })
}

/// A duration as a `timeval`, rounded up to microseconds as the kernel does.
pub(crate) fn timeval_of(duration: Duration) -> libc::timeval {
    let micros = i64::try_from(duration.as_nanos().div_ceil(1000)).unwrap_or(i64::MAX);
    libc::timeval {
        tv_sec: micros / 1_000_000,
        tv_usec: micros % 1_000_000,
    }
}

/// This many nanoseconds; none for a negative number.
pub(crate) fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_start_at_fixed_values_and_move_together() {
        let mut clock = Clock::new(None);
        let ClockKind::Machine { at_exec } = clock.kind(libc::CLOCK_MONOTONIC) else {
            panic!("monotonic is a machine clock")
        };
        assert_eq!(clock.read(at_exec), 10_000 * NANOS);
        clock.advance_to(Time::from_nanos(5));
        clock.advance_to(Time::from_nanos(3));
        assert_eq!(clock.read(at_exec), 10_000 * NANOS + 5);
        assert_eq!(clock.when(at_exec, 10_000 * NANOS + 9), Time::from_nanos(9));
        assert_eq!(clock.when(at_exec, 0), Time::from_nanos(5));
        assert_eq!(
            clock.kind(libc::CLOCK_THREAD_CPUTIME_ID),
            ClockKind::Processor
        );
        assert_eq!(clock.kind(!42 << 3 | 2), ClockKind::Processor);
        assert_eq!(clock.kind(77), ClockKind::Unknown);
    }

    #[test]
    fn remainders_round_as_the_kernel_does() {
        let value = timeval_of(Duration::from_nanos(1_000_000_001));
        assert_eq!((value.tv_sec, value.tv_usec), (1, 1));
        assert_eq!(
            nanos(libc::timespec {
                tv_sec: 0,
                tv_nsec: NANOS
            }),
            None
        );
    }
}
