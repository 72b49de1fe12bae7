//! Signals that were seen being generated and not yet being delivered or accepted.

use std::collections::{BTreeMap, VecDeque};

use siglab_model::{Directed, SigInfo, Signal};

use crate::kernel::sys::Pid;

/// What is known of them, by process and signal, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    queues: BTreeMap<(i32, Signal), VecDeque<(Directed, SigInfo)>>,
}

impl Expected {
    /// Whether nothing is expected.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.values().all(VecDeque::is_empty)
    }

    /// One more was generated.
    pub(crate) fn add(&mut self, pid: Pid, signal: Signal, directed: Directed, info: SigInfo) {
        self.queues
            .entry((pid.as_raw(), signal))
            .or_default()
            .push_back((directed, info));
    }

    /// One was delivered or accepted. What was known of it, if its generation was seen.
    pub(crate) fn take(&mut self, pid: Pid, signal: Signal) -> Option<SigInfo> {
        let queue = self.queues.get_mut(&(pid.as_raw(), signal))?;
        queue.pop_front().map(|(_, info)| info)
    }

    /// Whether the next one was for the process as a whole.
    pub(crate) fn is_next_for_process(&self, pid: Pid, signal: Signal) -> bool {
        let queue = self.queues.get(&(pid.as_raw(), signal));
        queue
            .and_then(VecDeque::front)
            .is_some_and(|(directed, _)| *directed == Directed::Process)
    }

    /// Whether there is one.
    pub(crate) fn has(&self, pid: Pid, signal: Signal) -> bool {
        self.queues
            .get(&(pid.as_raw(), signal))
            .is_some_and(|queue| !queue.is_empty())
    }

    /// Whether there is one of any signal.
    pub(crate) fn has_any(&self, pid: Pid) -> bool {
        let pid = pid.as_raw();
        self.queues
            .range((pid, Signal::HUP)..)
            .take_while(|((of, _), _)| *of == pid)
            .any(|(_, queue)| !queue.is_empty())
    }

    /// How many there are for anybody.
    pub(crate) fn total(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }

    /// How many there are for anybody that aren't a POSIX timer's.
    pub(crate) fn without_timers(&self) -> usize {
        let infos = self.queues.values().flatten();
        infos.filter(|(_, info)| info.code != "SI_TIMER").count()
    }

    /// How many there are for a process.
    pub(crate) fn count(&self, pid: Pid) -> usize {
        let of = |(process, _): &(i32, Signal)| *process == pid.as_raw();
        let queues = self.queues.iter().filter(|(key, _)| of(key));
        queues.map(|(_, queue)| queue.len()).sum()
    }

    /// The process is gone.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.queues.retain(|(of, _), _| *of != pid.as_raw());
    }

    /// The pending signals of POSIX timers were thrown away.
    pub(crate) fn discard_timers(&mut self, pid: Pid) {
        for ((of, _), queue) in &mut self.queues {
            if *of == pid.as_raw() {
                queue.retain(|(_, info)| info.code != "SI_TIMER");
            }
        }
    }

    /// Pending instances of `signal` were thrown away: it is ignored from now on.
    pub(crate) fn discard(&mut self, pid: Pid, signal: Signal) {
        self.queues.remove(&(pid.as_raw(), signal));
    }
}
