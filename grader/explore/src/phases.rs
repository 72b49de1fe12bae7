//! How much real time each part of exploring may take.
//!
//! A budget is a hard bound, whatever a program does, so it is kept from outside: a thread
//! that does nothing else looks at the clock, and cancels what is running. Each part has a
//! moment at which it is over, and the parts after it keep their share: what was found is
//! worth nothing without the time to confirm and to explain it. But no part leaves time unused that
//! it needs and nobody else does: the shares are of what is left, moments are looked for longer as
//! long as there is none, and what is kept for telling depends on how much there is to tell.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use siglab_engine::Cancel;

use crate::options::ExploreOptions;

/// How often the clock, and the request to stop, is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long what was found is still confirmed and told after a request to stop.
const GRACE: Duration = Duration::from_millis(1200);

/// A part of exploring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Finding the moments.
    Moments,
    /// Finding them once more, without what the dynamic linker does: that takes most of the time
    /// before a program's own code runs.
    MomentsAgain,
    /// Looking at what signals do at harmless ones.
    Samples,
    /// Other orders of scheduling.
    Orders,
    /// Trying the moments.
    Cases,
    /// Trying those for which there was no time before it was known how much telling takes.
    Rest,
    /// Confirming and explaining what was found.
    Telling,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::Moments,
        Self::MomentsAgain,
        Self::Samples,
        Self::Orders,
        Self::Cases,
        Self::Rest,
        Self::Telling,
    ];

    /// Its share, in percent of what is left of the budget when it begins.
    const fn share(self) -> u32 {
        match self {
            Self::Moments | Self::MomentsAgain => 25,
            Self::Samples => 18,
            Self::Orders => 7,
            Self::Cases | Self::Rest | Self::Telling => 100,
        }
    }
}

/// In percent of the budget: for how long moments are looked for as long as there is none.
const NO_MOMENT: u32 = 60;

/// In percent of the budget: for how long signals are looked at as long as there is one of which
/// nothing is known: what it does elsewhere can't be judged then.
const NOTHING_KNOWN: u32 = 70;

/// In percent of the budget: what is kept for telling at the least.
const LEAST_TO_TELL: u32 = 4;

/// How many runs it takes to confirm and to explain one cause, and how many to explain it.
const RUNS_TO_TELL: u32 = 6;
const RUNS_TO_EXPLAIN: u32 = 3;

/// For each part, the request that ends it; and what its end depends on.
#[derive(Debug, Default)]
pub(crate) struct Phases {
    cancels: [Cancel; Phase::ALL.len()],
    begun: OnceLock<Instant>,
    /// When each part began, and when the first moment was seen; 0 if it hasn't.
    entered: [Nanos; Phase::ALL.len()],
    seen: Nanos,
    /// What the slowest run took that is explained.
    slowest: Nanos,
    /// How many causes there are to be told.
    causes: AtomicU64,
    /// Of how many signals nothing is known yet.
    unknown: AtomicU64,
    /// Whether moments can be looked for once more, in less time.
    can_again: AtomicBool,
}

/// A span of time in nanoseconds, shared by threads.
#[derive(Debug, Default)]
struct Nanos(AtomicU64);

impl Nanos {
    fn get(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Only the first one counts.
    fn set_first(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        let _ = self
            .0
            .compare_exchange(0, nanos, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn set_most(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_max(nanos, Ordering::Relaxed);
    }
}

impl Phases {
    /// The request that ends this part.
    pub(crate) fn of(&self, phase: Phase) -> &Cancel {
        &self.cancels[phase as usize]
    }

    /// This part begins, if it hasn't.
    pub(crate) fn enter(&self, phase: Phase) {
        if let Some(since) = self.since() {
            self.entered[phase as usize].set_first(since);
        }
    }

    /// There is a moment at which something can be tried.
    pub(crate) fn see_moment(&self) {
        if let Some(since) = self.since() {
            self.seen.set_first(since);
        }
    }

    /// Whether there is one.
    pub(crate) fn has_seen_moment(&self) -> bool {
        self.seen.get().is_some()
    }

    /// Moments can be looked for once more, in less time, if this takes too long.
    pub(crate) fn may_look_again(&self) {
        self.can_again.store(true, Ordering::Relaxed);
    }

    /// Of so many signals nothing is known yet.
    pub(crate) fn set_unknown(&self, signals: usize) {
        let signals = u64::try_from(signals).unwrap_or(u64::MAX);
        self.unknown.store(signals, Ordering::Relaxed);
    }

    /// Of one of these something is known now.
    pub(crate) fn know_one(&self) {
        let one_less = |signals: u64| signals.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.unknown.fetch_update(set, fetch, one_less);
    }

    /// So many more causes are to be told.
    pub(crate) fn add_causes(&self, causes: usize) {
        let causes = u64::try_from(causes).unwrap_or(u64::MAX);
        self.causes.fetch_add(causes, Ordering::Relaxed);
    }

    /// Does `run`, and remembers how long such a run takes.
    pub(crate) fn timed<T>(&self, run: impl FnOnce() -> T) -> T {
        let begun = now();
        let done = run();
        self.slowest.set_most(now() - begun);
        done
    }

    /// The time since the begin, if it has begun.
    fn since(&self) -> Option<Duration> {
        Some(now() - *self.begun.get()?)
    }

    /// When this part is over, counted from the begin, with so much time for all.
    fn over_at(&self, phase: Phase, time: Duration) -> Duration {
        let entered = self.entered[phase as usize].get();
        let over_at = match (phase, entered, self.seen.get()) {
            (Phase::Telling, ..) => time,
            (Phase::Moments, _, None) if self.can_again.load(Ordering::Relaxed) => {
                time * phase.share() / 100
            }
            (Phase::Moments | Phase::MomentsAgain, _, None) => time * NO_MOMENT / 100,
            (Phase::Moments | Phase::MomentsAgain, _, Some(seen)) => {
                share(phase, seen, time).max(time * phase.share() / 100)
            }
            // It hasn't begun.
            (_, None, _) => time,
            (Phase::Cases, Some(entered), _) => {
                time.saturating_sub(self.to_tell(RUNS_TO_TELL, entered, time))
            }
            (Phase::Rest, Some(entered), _) => {
                time.saturating_sub(self.to_tell(RUNS_TO_EXPLAIN, entered, time))
            }
            (Phase::Samples, Some(entered), _) if self.unknown.load(Ordering::Relaxed) > 0 => {
                share(phase, entered, time).max(time * NOTHING_KNOWN / 100)
            }
            (_, Some(entered), _) => share(phase, entered, time),
        };
        over_at.min(time)
    }

    /// What is kept for telling, with so many runs for each cause, of what was left when trying
    /// began.
    fn to_tell(&self, runs: u32, entered: Duration, time: Duration) -> Duration {
        let causes = self.causes.load(Ordering::Relaxed).saturating_add(1);
        let causes = u32::try_from(causes).unwrap_or(u32::MAX);
        let runs = causes.saturating_mul(runs);
        let run = self.slowest.get().unwrap_or_default();
        let least = time * LEAST_TO_TELL / 100;
        let most = time.saturating_sub(entered) / 2;
        run.saturating_mul(runs).max(least).min(most)
    }

    /// Does `work`, and meanwhile ends each part when its time is over, or when whoever
    /// `wanted` this asks for an end.
    pub(crate) fn watch<T>(&self, wanted: &ExploreOptions, work: impl FnOnce() -> T) -> T {
        let begun = *self.begun.get_or_init(now);
        let (done, over) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut stop_at = None;
                // Its other end is closed when the work is done, or has panicked.
                while over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    let now = now();
                    if wanted.cancel.is_cancelled() {
                        stop_at.get_or_insert(now + GRACE);
                    }
                    self.end_what_is_over(now, begun, wanted.budget.time, stop_at);
                }
            });
            let _done: Sender<()> = done;
            work()
        })
    }

    /// `stop_at`: when what was found is told no longer, after a request to stop.
    fn end_what_is_over(
        &self,
        now: Instant,
        begun: Instant,
        time: Option<Duration>,
        stop_at: Option<Instant>,
    ) {
        for phase in Phase::ALL {
            let over_at = time.map(|time| begun + self.over_at(phase, time));
            let asked = match phase {
                Phase::Telling => stop_at.is_some_and(|stop_at| now >= stop_at),
                _ => stop_at.is_some(),
            };
            if asked || over_at.is_some_and(|over_at| now >= over_at) {
                self.of(phase).cancel();
            }
        }
    }
}

/// When a part is over that began then, with so much time for all.
fn share(phase: Phase, entered: Duration, time: Duration) -> Duration {
    entered + time.saturating_sub(entered) * phase.share() / 100
}

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "a budget is in real time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    /// Which parts are over so long after the begin, if the time isn't extended.
    fn over(phases: &Phases, after: f64, time: Option<Duration>) -> Vec<Phase> {
        let begun = now();
        let after = Duration::from_secs_f64(after);
        phases.end_what_is_over(begun + after, begun, time, None);
        let all = Phase::ALL.into_iter();
        all.filter(|phase| phases.of(*phase).is_cancelled())
            .collect()
    }

    /// With these parts begun at these seconds, and the first moment seen at this one.
    fn phases(entered: &[(Phase, u64)], seen: Option<u64>) -> Phases {
        let phases = Phases::default();
        for (phase, at) in entered {
            phases.entered[*phase as usize].set_first(Duration::from_secs(*at));
        }
        if let Some(at) = seen {
            phases.seen.set_first(Duration::from_secs(at));
        }
        phases
    }

    #[test]
    fn each_part_has_a_share_of_what_is_left() {
        let begun = [(Phase::Samples, 2), (Phase::Orders, 3), (Phase::Cases, 4)];
        for (after, number) in [
            (2.4, 0),
            (2.9, 2),
            (3.47, 3),
            (3.5, 4),
            (9.5, 4),
            (9.7, 5),
            (10.0, 7),
        ] {
            let phases = phases(&begun, Some(0));
            let over = over(&phases, after, Some(TEN));
            assert_eq!(over, Phase::ALL[..number], "{after}");
        }
        assert_eq!(over(&Phases::default(), 1e6, None), []);
        assert_eq!(over(&Phases::default(), 10.0, Some(TEN)), Phase::ALL);
    }

    /// Without one, nothing else can be done with the time.
    #[test]
    fn moments_are_looked_for_until_there_is_one() {
        for (seen, over_at) in [(None, 6.0), (Some(4), 5.5), (Some(1), 3.25)] {
            assert_eq!(over(&phases(&[], seen), over_at - 0.1, Some(TEN)), []);
            let over = over(&phases(&[], seen), over_at, Some(TEN));
            assert_eq!(over, Phase::ALL[..2], "{seen:?}");
        }
        let phases = phases(&[], None);
        phases.may_look_again();
        assert_eq!(over(&phases, 2.6, Some(TEN)), [Phase::Moments]);
        assert_eq!(over(&phases, 5.9, Some(TEN)), [Phase::Moments]);
    }

    #[test]
    fn signals_are_looked_at_until_something_is_known() {
        let phases = phases(&[(Phase::Samples, 2)], None);
        phases.set_unknown(2);
        for over_at in [7.0, 7.0, 3.44, 3.44] {
            let expected = Duration::from_secs_f64(over_at);
            assert_eq!(phases.over_at(Phase::Samples, TEN), expected);
            phases.know_one();
        }
    }

    #[test]
    fn what_there_is_to_tell_has_its_time() {
        for (causes, slowest, kept) in [(0, 0, 400), (0, 100, 600), (4, 100, 3000), (9, 100, 3000)]
        {
            let phases = phases(&[(Phase::Cases, 4)], None);
            phases.add_causes(causes);
            phases.slowest.set_most(Duration::from_millis(slowest));
            let kept = Duration::from_millis(kept);
            assert_eq!(phases.over_at(Phase::Cases, TEN), TEN - kept, "{causes}");
            assert!(phases.over_at(Phase::Rest, TEN) >= TEN - kept, "{causes}");
        }
    }

    #[test]
    fn a_request_ends_all_but_the_last_at_once() {
        let over = |after| {
            let phases = Phases::default();
            let begun = now();
            phases.end_what_is_over(begun + after, begun, None, Some(begun + GRACE));
            let all = Phase::ALL.into_iter();
            let over = all.filter(|phase| phases.of(*phase).is_cancelled());
            over.collect::<Vec<_>>()
        };
        assert_eq!(over(Duration::ZERO), Phase::ALL[..6]);
        assert_eq!(over(GRACE), Phase::ALL);
    }

    #[test]
    fn work_that_waits_for_its_end_gets_it() {
        let cancel = Cancel::default();
        let wanted = ExploreOptions {
            cancel: cancel.clone(),
            ..ExploreOptions::default()
        };
        let phases = Phases::default();
        phases.watch(&wanted, || {
            cancel.cancel();
            while !phases.of(Phase::Telling).is_cancelled() {
                thread::yield_now();
            }
        });
        assert!(phases.of(Phase::Moments).is_cancelled());
    }
}
