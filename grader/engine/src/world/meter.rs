//! How much processor time a task has used, as far as that can be trusted.

use std::time::Duration;

/// Adds up processor time that is read again and again.
///
/// The processor's own clock can't be trusted alone: on a virtual machine that is paused,
/// or has to wait for a processor of its host, it leaps, by a tenth of a second and more,
/// and a task that just happened to run seems to have run all the while. So each reading
/// counts for at most `most`, which is about the time between two of them: who really runs
/// that long is seen running often.
#[derive(Debug)]
pub(crate) struct Meter {
    last: Duration,
    most: Duration,
    total: Duration,
}

impl Meter {
    /// A meter at zero. `now`: the first reading.
    pub(crate) fn new(now: Duration, most: Duration) -> Self {
        Self {
            last: now,
            most,
            total: Duration::ZERO,
        }
    }

    /// Takes a reading. Returns the sum.
    pub(crate) fn read(&mut self, now: Duration) -> Duration {
        self.total += now.saturating_sub(self.last).min(self.most);
        self.last = now;
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_is_used_bit_by_bit_counts() {
        let mut meter = Meter::new(ms(50), ms(4));
        let sum = (1..=30).map(|step| meter.read(ms(50 + 2 * step))).last();
        assert_eq!(sum, Some(ms(60)));
    }

    #[test]
    fn a_leap_counts_once() {
        let mut meter = Meter::new(ms(50), ms(4));
        assert_eq!(meter.read(ms(5000)), ms(4));
        assert_eq!(meter.read(ms(5001)), ms(5));
    }
}
