//! How to run it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use siglab_model::{Clock, Injection, Moment, Policy, Time};
use siglab_sandbox::{ResourceLimits, Sandbox};

use crate::keyboard::Keyboard;

/// How to run a program.
#[derive(Clone, Debug)]
pub struct Options {
    /// The clock.
    pub clock: Clock,
    /// What `CLOCK_REALTIME` shows at the exec, in seconds since 1970-01-01 00:00:00 UTC;
    /// 2026-01-01 00:00:00 UTC if absent. Times of files are the machine's own.
    pub date: Option<i64>,
    /// Who runs next when several threads could.
    pub policy: Policy,
    /// Names of a lab's own for roles: from `main`, `child`, ... to its names.
    pub roles: BTreeMap<String, String>,
    /// Where the run is cut off.
    pub limits: Limits,
    /// How much virtual time the run goes on for after the end of its first process, or after
    /// the last step of the script if that is later; then all that are left are ended. Until
    /// nobody is left, or can go on, if absent.
    pub linger: Option<Duration>,
    /// The seed of everything random that the program asks for.
    pub seed: u64,
    /// Asks a run to stop, from another thread.
    pub cancel: Cancel,
    /// Where a person types at the program's terminal: [`crate::Stdio::ShownTerminal`]. Only
    /// with the machine's clock: what somebody presses has no virtual time.
    pub keyboard: Option<Keyboard>,
    /// Signals to inject, in this order: each moment is counted from the start of the run,
    /// whatever was injected before.
    pub injections: Vec<Injection>,
    /// Moments at which others run if they can, in this order, after all injections.
    pub preemptions: Vec<Moment>,
    /// On which of the processors that siglab may use, counted from 0 and around; the one on
    /// which it happens to be if absent. What the program is told doesn't depend on it.
    pub processor: Option<usize>,
    /// Whether an injection's event has the stack of the code that it interrupts.
    pub explains: bool,
    /// Whether events have the lines of the program that made the calls of which they come. That
    /// takes a look at the stack at each call that the engine controls.
    pub lines: bool,
    /// What the program is confined by; nothing but its tracer if absent. The program's
    /// working directory is then an empty folder of its own.
    pub sandbox: Option<Sandbox>,
    /// Interrupts tasks at moments that this seed and the machine choose, as one that computes
    /// for long is, to see what it does. Nothing may change by that: for tests of siglab.
    pub disturb: Option<u64>,
    /// Limits of each of the program's processes. Core dumps are always off.
    pub resources: ResourceLimits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Clock::Virtual,
            date: None,
            policy: Policy::InOrder,
            roles: BTreeMap::new(),
            limits: Limits::default(),
            linger: None,
            seed: 0,
            cancel: Cancel::default(),
            keyboard: None,
            injections: Vec::new(),
            preemptions: Vec::new(),
            processor: None,
            explains: true,
            lines: false,
            sandbox: None,
            disturb: None,
            resources: ResourceLimits::default(),
        }
    }
}

/// Where a run is cut off. Reaching a limit ends every process of the run and is an
/// event in the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Virtual time since the exec.
    pub virtual_time: Time,
    /// Processor time of the run's living processes: what bounds a program that computes
    /// for ever. Twice as much together with siglab's own, and sixty times as much by the wall
    /// clock, end a run, too; time spent waiting for siglab's own standard input doesn't count,
    /// nor, where a person types, anything but the program's own.
    pub real_time: Option<Duration>,
    /// Bytes of output, all streams together.
    pub output: Option<u64>,
    /// Processes and threads that exist at the same time.
    pub tasks: usize,
    /// Events in the trace.
    pub events: usize,
}

impl Default for Limits {
    /// A day of virtual time, 64 MiB of output, 512 tasks, 2 million events.
    fn default() -> Self {
        Self {
            virtual_time: Time::from_nanos(86_400 * 1_000_000_000),
            real_time: None,
            output: Some(64 << 20),
            tasks: 512,
            events: 2_000_000,
        }
    }
}

/// A request to stop a run, shared between threads.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the run to stop. All its processes are killed, and its trace ends with the
    /// limit `cancelled`.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cancel::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The flag itself, for a signal handler.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
