//! The proof that a way round a loop is taken again and again.
//!
//! Not all that a thread computes on its way decides where that leads: a counter that nobody
//! asks doesn't. So the way is looked at backwards, from its end: each branch, each address
//! needs certain registers and bytes of memory, those were computed from others, and so on
//! round the loop until nothing new is needed. If all of these are at the end of the way as
//! they were at its beginning, the next round goes the same way and ends with the same, and so
//! does every round after it.

use std::collections::{BTreeSet, HashMap};

use crate::inspect::code;
use crate::kernel::arch::{self, Effects, Needs, Regs};
use crate::kernel::sys::{Pid, memory};

/// An instruction on the way.
#[derive(Debug)]
struct Step {
    regs: Regs,
    effects: Effects,
}

/// The way from one place on, instruction by instruction.
#[derive(Debug, Default)]
pub(crate) struct Round {
    steps: Vec<Step>,
    /// What was in the memory that it reads or writes when it first did.
    first: HashMap<u64, u8>,
    /// Whether any memory was ever different after an instruction than before it.
    pub(crate) changed: bool,
}

/// What is needed to know which way the thread goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Needed {
    needs: Needs,
    memory: BTreeSet<u64>,
}

impl Needed {
    fn all(&mut self, bytes: &[(u64, usize)]) {
        self.memory.extend(each(bytes));
    }

    /// What is needed before an instruction, if this is needed after it.
    fn before(&mut self, effects: &Effects) {
        let is_wanted = self.needs.meets(&effects.changes)
            || each(&effects.writes).any(|address| self.memory.contains(&address));
        self.needs.remove(&effects.replaces);
        if effects.writes_surely {
            for address in each(&effects.writes) {
                self.memory.remove(&address);
            }
        }
        if is_wanted || effects.decides {
            self.needs.add(&effects.reads);
            self.all(&effects.reads_memory);
        }
        self.needs.add(&effects.addresses);
    }
}

fn each(places: &[(u64, usize)]) -> impl Iterator<Item = u64> + '_ {
    places
        .iter()
        .flat_map(|(address, length)| *address..*address + *length as u64)
}

impl Round {
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds the instruction that a thread with these registers is about to execute. `false`:
    /// what that does can't be said.
    pub(crate) fn add(&mut self, tid: Pid, regs: Regs) -> bool {
        self.try_add(tid, regs).is_some()
    }

    fn try_add(&mut self, tid: Pid, regs: Regs) -> Option<()> {
        let bytes = code::read_instruction(tid, regs.ip())?;
        let effects = arch::effects(&bytes, &regs)?;
        for (address, length) in effects.reads_memory.iter().chain(&effects.writes) {
            let mut bytes = vec![0; *length];
            memory::read_bytes(tid, *address, &mut bytes).ok()?;
            for (address, byte) in (*address..).zip(bytes) {
                self.first.entry(address).or_insert(byte);
            }
        }
        self.steps.push(Step { regs, effects });
        Some(())
    }

    /// The instruction was executed.
    pub(crate) fn executed(&mut self, tid: Pid) {
        let Some(step) = self.steps.last() else {
            return;
        };
        // What it read and wrote was as it is now, or as it was after an earlier instruction:
        // if nothing has changed so far, as it was at first.
        self.changed = self.changed || !self.is_as_at_first(tid, each(&step.effects.writes));
    }

    fn is_as_at_first(&self, tid: Pid, mut bytes: impl Iterator<Item = u64>) -> bool {
        bytes.all(|address| {
            memory::read::<u8>(tid, address).ok() == self.first.get(&address).copied()
        })
    }

    /// Whether the thread, which has these registers now, goes on as it did from the first
    /// instruction on, and always will. `vectors`: whether its other registers are as they
    /// were then.
    pub(crate) fn is_endless(
        &self,
        tid: Pid,
        now: &Regs,
        vectors: impl FnOnce() -> Option<bool>,
    ) -> bool {
        let Some(start) = self.steps.first() else {
            return false;
        };
        if now.ip() != start.regs.ip() || (self.changed && self.may_change_code()) {
            return false;
        }
        let (needed, _) = self.needed();
        now.agrees(&start.regs, &needed.needs)
            && self.is_as_at_first(tid, needed.memory.iter().copied())
            && (!needed.needs.others || vectors() == Some(true))
    }

    fn may_change_code(&self) -> bool {
        let code = |address: u64| {
            self.steps.iter().any(|step| {
                (step.regs.ip()..step.regs.ip() + arch::LONGEST_INSTRUCTION as u64)
                    .contains(&address)
            })
        };
        self.steps
            .iter()
            .any(|step| each(&step.effects.writes).any(code))
    }

    /// What is needed at the first instruction, and which registers are before each.
    fn needed(&self) -> (Needed, Vec<Needs>) {
        let mut at_start = Needed::default();
        loop {
            let mut needed = at_start.clone();
            let mut registers = Vec::with_capacity(self.steps.len());
            for step in self.steps.iter().rev() {
                needed.before(&step.effects);
                registers.push(needed.needs.clone());
            }
            needed.needs.add(&at_start.needs);
            needed.memory.extend(&at_start.memory);
            if needed == at_start {
                registers.reverse();
                return (at_start, registers);
            }
            at_start = needed;
        }
    }

    /// How many instructions after the first the place comes that is the same in whichever
    /// round the thread is looked at.
    pub(crate) fn place(&self) -> usize {
        let (_, registers) = self.needed();
        self.steps
            .iter()
            .zip(registers)
            .enumerate()
            .min_by_key(|(_, (step, needs))| {
                (step.regs.ip(), step.regs.sp(), step.regs.values(needs))
            })
            .map_or(0, |(place, _)| place)
    }

    /// The address of the instruction that comes so many instructions after the first.
    pub(crate) fn ip(&self, place: usize) -> Option<u64> {
        self.steps.get(place).map(|step| step.regs.ip())
    }
}
