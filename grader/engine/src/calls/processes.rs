//! Calls that change other processes without a signal: limits, scheduling, memory. They
//! reach processes of the run only.

use libc::c_long;
use siglab_sandbox::{Condition, Rule};

use crate::fault::Outcome;
use crate::kernel::arch::Regs;
use crate::kernel::sys::Pid;
use crate::tracer::Run;
use crate::tracer::next::Next;

/// Calls whose first argument is a pid, 0 for the caller.
const BY_PID: &[c_long] = &[
    libc::SYS_prlimit64,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setattr,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
];

/// Calls with a kind of target and an id; and the numbers of the kinds process and group.
const BY_KIND: &[(c_long, i32, i32)] = &[
    (
        libc::SYS_setpriority,
        libc::PRIO_PROCESS as i32,
        libc::PRIO_PGRP as i32,
    ),
    (libc::SYS_ioprio_set, 1, 2),
];

/// Filter rules.
pub(super) fn rules() -> Vec<Rule> {
    BY_PID
        .iter()
        .copied()
        .chain(BY_KIND.iter().map(|(number, ..)| *number))
        .map(|number| match number {
            // Every program reads its limits when it starts; only those calls matter that
            // have a new limit.
            libc::SYS_prlimit64 => Rule {
                number,
                any_of: vec![Condition::HasBit {
                    argument: 2,
                    bit: u32::MAX,
                }],
            },
            number => Rule::always(number),
        })
        .collect()
}

/// Whether [`rules`] mention the call.
pub(super) fn is_traced(number: c_long) -> bool {
    BY_PID.contains(&number) || BY_KIND.iter().any(|(of, ..)| *of == number)
}

impl Run<'_> {
    pub(super) fn call_on_other(&mut self, tid: Pid, regs: Regs) -> Outcome<Next> {
        let argument = |index: usize| regs.arg(index) as u32 as i32;
        let is_ours = |id: i32| id == 0 || self.tgid_in_run(Pid::from_raw(id)).is_some();
        let number = regs.number();
        let allowed = match BY_KIND.iter().find(|(of, ..)| *of == number) {
            Some((_, process, _)) if argument(0) == *process => is_ours(argument(1)),
            Some((_, _, group)) if argument(0) == *group => {
                argument(1) == 0 || !self.members(Some(argument(1))).is_empty()
            }
            Some(_) => false,
            None => is_ours(argument(0)),
        };
        if allowed {
            return Ok(Next::USER);
        }
        self.deny(tid, regs, "a process outside the run")
    }
}
