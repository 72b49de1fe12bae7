//! Counting what tasks do without waiting, and moving the clock by that.

use std::collections::BTreeMap;
use std::time::Duration;

use siglab_model::{BusyKind, Clock, Kind};

use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::{Pid, memory, proc};
use crate::kernel::syscalls::Sys;
use crate::tracer::Run;
use crate::world::polls::{Busy, CALLS_BEFORE_LOOK, CIRCLE, Kept, LOOK, Likeness, Look, Polls};
use crate::world::process::Process;
use crate::world::task::Task;

/// What a call that was seen says about the task that makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) sys: Sys,
    /// Whether it only asks, with these arguments.
    pub(crate) asks: bool,
    pub(crate) reads_clock: bool,
    /// Whether its answer depends on nothing but the run's own processes.
    pub(crate) is_closed: bool,
}

/// Calls at one instant, of all tasks, that take no time at all.
const FREE_CALLS: u64 = 5_000;
/// Calls up to which each takes [`SHORT`], if something is due later; from then on, [`LONG`].
const SHORT_CALLS: u64 = 25_000;
const SHORT: Duration = Duration::from_micros(5);
const LONG: Duration = Duration::from_micros(50);

/// A task with more memory than that, in bytes, works.
const MOST_MEMORY: usize = 16 << 20;

impl Run<'_> {
    /// A task makes a call.
    pub(crate) fn count_call(&mut self, tid: Pid, seen: Seen, regs: &Regs) -> Outcome<()> {
        let polls = &mut self.world.task(tid)?.polls;
        if polls.round {
            // It got out of its loop.
            polls.busy = None;
        }
        polls.calls += 1;
        polls.since_others += 1;
        polls.in_turn += 1;
        polls.clock_reads += u32::from(seen.reads_clock);
        polls.did_more |= !seen.asks;
        if let Some(look) = &mut polls.look {
            look.asked_only &= seen.asks;
            look.is_closed &= seen.is_closed && !seen.reads_clock;
        }
        if self.world.options.clock == Clock::Real {
            return Ok(());
        }
        self.take_time(tid, 1)?;
        self.look_at_work(tid, seen.sys, regs)
    }

    /// However many calls are made at an instant, by whomever, what is due later comes. Not by
    /// the calls of one that was found computing: how many it had made before isn't known.
    ///
    /// `weight`: as how many calls it counts.
    pub(crate) fn take_time(&mut self, tid: Pid, weight: u32) -> Outcome<()> {
        if self.world.options.clock == Clock::Real {
            return Ok(());
        }
        self.world.calls_at_instant += u64::from(weight);
        let calls = self.world.calls_at_instant;
        if calls <= FREE_CALLS || self.world.task(tid)?.polls.watched {
            return Ok(());
        }
        let Some(due) = self.world.next_due() else {
            return Ok(());
        };
        let each = if calls <= SHORT_CALLS { SHORT } else { LONG };
        self.world.clock.take_time(each * weight, due);
        Ok(())
    }

    /// Looks what a task does that makes one call after the other.
    fn look_at_work(&mut self, tid: Pid, sys: Sys, regs: &Regs) -> Outcome<()> {
        let polls = &self.world.task(tid)?.polls;
        let Some(look) = &polls.look else {
            if polls.calls == polls.look_at {
                self.begin_look(tid, regs)?;
            }
            return Ok(());
        };
        let is_known = polls.busy.is_some();
        let (lasts, calls) = (polls.calls - look.begun, polls.calls);
        let is_same_place = look.is_closed && look.regs.are_equal(regs);
        if is_same_place {
            let now = self.likeness(tid)?;
            let polls = &mut self.world.task(tid)?.polls;
            if polls.look.as_ref().is_some_and(|look| look.like == now) {
                polls.circle = true;
                let busy = polls.busy.unwrap_or(Busy::Circles);
                return self.found_busy(tid, busy, sys);
            }
            if let Some(look) = &mut polls.look {
                look.compared += 1;
                // What is different now will be different in the next rounds, too.
                look.is_closed = look.compared < 3;
            }
        }
        let polls = &self.world.task(tid)?.polls;
        let (asked_only, is_closed) = polls
            .look
            .as_ref()
            .map_or((false, false), |look| (look.asked_only, look.is_closed));
        if lasts < LOOK || (lasts < CIRCLE && is_closed && !asked_only) {
            return Ok(());
        }
        if asked_only && !is_known {
            let now = self.likeness(tid)?;
            let polls = &self.world.task(tid)?.polls;
            let same = |look: &Look| look.like.is_as_good_as(&now);
            if polls.look.as_ref().is_some_and(same) {
                return self.found_busy(tid, Busy::Asks, sys);
            }
        }
        let polls = &mut self.world.task(tid)?.polls;
        polls.look = None;
        polls.look_at = calls.saturating_mul(2).max(CALLS_BEFORE_LOOK);
        if polls.busy == Some(Busy::Circles) {
            polls.busy = None;
        }
        Ok(())
    }

    fn begin_look(&mut self, tid: Pid, regs: &Regs) -> Outcome<()> {
        let like = self.likeness(tid)?;
        let polls = &mut self.world.task(tid)?.polls;
        polls.look = Some(Look {
            begun: polls.calls,
            regs: *regs,
            like,
            asked_only: true,
            is_closed: true,
            compared: 0,
        });
        Ok(())
    }

    /// It asks for the same thing again and again, or goes round in a circle.
    fn found_busy(&mut self, tid: Pid, busy: Busy, sys: Sys) -> Outcome<()> {
        let polls = &mut self.world.task(tid)?.polls;
        polls.look = None;
        polls.look_at = 0;
        polls.busy = Some(busy);
        polls.in_turn = 0;
        polls.clock_reads = 0;
        polls.did_more = false;
        polls.bytes = None;
        if std::mem::replace(&mut polls.reported, true) {
            return Ok(());
        }
        let stack = self.user_stack(tid);
        self.world.task_event(
            tid,
            Kind::BusyWaiting {
                how: BusyKind::Polling,
                syscall: Some(sys.name().to_owned()),
                stack,
            },
        );
        Ok(())
    }

    /// Whether a busy task goes round in a circle is to be found out, or found out again.
    pub(crate) fn look_again(&mut self, tid: Pid) -> Outcome<()> {
        let polls = &mut self.world.task(tid)?.polls;
        polls.look = None;
        polls.look_at = polls.calls + 1;
        Ok(())
    }

    /// Whether a task has moved bytes since this was asked last.
    pub(crate) fn has_moved_bytes(&mut self, tid: Pid) -> Outcome<bool> {
        let task = self.world.task(tid)?;
        let now = proc::bytes_moved(task.pid);
        Ok(task
            .polls
            .bytes
            .replace(now)
            .is_some_and(|before| before != now))
    }

    /// A task has waited, or somebody has done something for it.
    pub(crate) fn has_waited(&mut self, tid: Pid) -> Outcome<()> {
        self.world.task(tid)?.polls = Polls::default();
        Ok(())
    }

    fn kept(&self, tid: Pid, task: Option<&Task>) -> Outcome<Kept> {
        let stopped = self.tracer.stopped(tid)?;
        let others = self.world.tasks.iter().filter(|task| task.tid != tid);
        let is_gone = |process: &&Process| process.gone;
        Ok(Kept {
            mask: stopped.signal_mask()?,
            altstack: task.and_then(|task| task.altstack),
            vectors: stopped.extended_state()?,
            gone: self.world.processes.iter().filter(is_gone).count(),
            signals: self.world.expected.total(),
            others: others.map(|task| task.state).collect(),
        })
    }

    fn likeness(&self, tid: Pid) -> Outcome<Likeness> {
        let task = self.world.tasks.iter().find(|task| task.tid == tid);
        let pid = task.map_or(tid, |task| task.pid);
        let runs = proc::written_memory(pid);
        let mut like = Likeness {
            memory: BTreeMap::new(),
            bytes: proc::bytes_moved(pid),
            noticed: (
                self.world.recorder.output_bytes,
                self.world.made(),
                self.world.expected.count(pid),
            ),
            kept: self.kept(tid, task)?,
        };
        let runs = runs.filter(|runs| {
            let size: usize = runs.iter().map(|(_, length)| length).sum();
            size <= MOST_MEMORY
        });
        let Some(runs) = runs else {
            // Never the same as before: it has more to do than to ask.
            like.bytes.0 = like.bytes.0.wrapping_add(self.world.calls_at_instant);
            return Ok(like);
        };
        for (start, length) in runs {
            let mut bytes = vec![0; length];
            if memory::read_bytes(tid, start, &mut bytes).is_ok() {
                like.add(start, &bytes);
            }
        }
        Ok(like)
    }
}
