//! What a task does without ever waiting: whether it works, asks for the same thing again and
//! again, or goes round in a circle.
//!
//! Making many calls isn't waiting: a program may stamp a thousand lines with the time, and a
//! runtime that starts makes thousands of calls. So after [`CALLS_BEFORE_LOOK`] calls without
//! a wait the task is looked at ([`Look`]): what it has in memory, and how many bytes it has
//! read and written. If all calls that follow only ask for something, and these are the same
//! as before but for a counter or two, it waits for an answer. If all is the same to the byte,
//! with the same registers, it goes round in a circle.

use std::collections::BTreeMap;

use siglab_model::SigSet;

use crate::kernel::arch::Regs;
use crate::world::task::State;

/// How many calls a task may make without a wait before it is looked at for the first time; if
/// it is found working, for the second time after twice as many, and so on.
pub(crate) const CALLS_BEFORE_LOOK: u32 = 1000;
/// How many further calls a look takes: a loop that asks makes fewer in a round.
pub(crate) const LOOK: u32 = 128;
/// The same, where nothing but a circle can be found.
pub(crate) const CIRCLE: u32 = 512;
/// How many bytes of its memory may be different after [`LOOK`] calls of a task that only asks:
/// counters, and the answers. One that writes down what it gets has at least one more byte for
/// each.
const DIFFERENT: usize = 96;
/// How many calls a busy task may make each time before the clock moves on.
pub(crate) const CALLS_WHEN_BUSY: u32 = 16;
/// The same, if it may get somewhere.
pub(crate) const CALLS_WHEN_COMPUTING: u32 = 256;
/// After so many calls without a wait, others that could run have their turn.
pub(crate) const CALLS_BEFORE_OTHERS: u32 = 1000;

/// What is known of a task that doesn't wait, since it last did.
#[derive(Clone, Debug)]
pub(crate) struct Polls {
    /// Calls.
    pub(crate) calls: u32,
    /// Calls since others had their turn.
    pub(crate) since_others: u32,
    /// Calls since its turn began, while it is busy.
    pub(crate) in_turn: u32,
    /// How many of these read a clock.
    pub(crate) clock_reads: u32,
    /// Whether a call in its turn did more than ask.
    pub(crate) did_more: bool,
    /// Bytes that it had read and written when its last turn ended.
    pub(crate) bytes: Option<(u64, u64)>,
    /// Whether its share of processor time was just used up.
    pub(crate) has_computed: bool,
    /// Whether all its calls are seen.
    pub(crate) watched: bool,
    /// After how many calls it is looked at.
    pub(crate) look_at: u32,
    pub(crate) look: Option<Look>,
    /// Why it gets only a share of the time, if it does.
    pub(crate) busy: Option<Busy>,
    /// Whether it was said to be busy waiting.
    pub(crate) reported: bool,
    /// Whether it looks at a clock while it is busy.
    pub(crate) watches_clock: bool,
    /// Whether it was in a loop that can't end by itself when it ran last.
    pub(crate) round: bool,
    /// Whether nobody could see from its memory that it goes round there.
    pub(crate) still: bool,
    /// Whether it was found going round in a circle of calls, at this instant.
    pub(crate) circle: bool,
    /// How often it was left in a loop of its own while others could run.
    pub(crate) leavings: usize,
    /// Whether it has run since the clock moved or something else happened.
    pub(crate) had_turn: bool,
}

impl Default for Polls {
    fn default() -> Self {
        Self {
            calls: 0,
            since_others: 0,
            in_turn: 0,
            clock_reads: 0,
            did_more: false,
            bytes: None,
            has_computed: false,
            watched: false,
            look_at: CALLS_BEFORE_LOOK,
            look: None,
            busy: None,
            reported: false,
            watches_clock: false,
            round: false,
            still: false,
            circle: false,
            leavings: 0,
            had_turn: false,
        }
    }
}

/// Why a task gets only a share of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// It asks for the same thing again and again.
    Asks,
    /// It goes round in a circle of calls; whether it still does is found out in each turn.
    Circles,
    /// It computes for long without a call that siglab sees: it may get somewhere.
    Computes,
}

/// A look at a task that doesn't wait: what it was like at the beginning.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// Its calls then.
    pub(crate) begun: u32,
    pub(crate) regs: Regs,
    pub(crate) like: Likeness,
    /// Whether all calls since have only asked.
    pub(crate) asked_only: bool,
    /// Whether no call since could have had another answer than at any other time.
    pub(crate) is_closed: bool,
    /// How often its registers were the same again.
    pub(crate) compared: u32,
}

/// What a task has in memory, and what it has done that others can notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Likeness {
    /// Pages of memory that it can write, by address; without those that are all zeros.
    pub(crate) memory: BTreeMap<u64, Vec<u8>>,
    /// Bytes read and written.
    pub(crate) bytes: (u64, u64),
    /// Output of the run, tasks and processes made, signals on their way to it.
    pub(crate) noticed: (u64, usize, usize),
    pub(crate) kept: Kept,
}

/// What else a task could count in: what the kernel keeps of it and of others. Only a proof
/// needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) mask: SigSet,
    pub(crate) altstack: Option<(u64, u64)>,
    /// The registers of floating-point and vector instructions.
    pub(crate) vectors: Vec<u8>,
    /// Processes that have been reaped.
    pub(crate) gone: usize,
    /// Signals on their way to anybody.
    pub(crate) signals: usize,
    /// What the other tasks are doing.
    pub(crate) others: Vec<State>,
}

impl Likeness {
    const PAGE: usize = 4096;

    /// Adds memory from `start` on.
    pub(crate) fn add(&mut self, start: u64, bytes: &[u8]) {
        for (address, page) in (start..).step_by(Self::PAGE).zip(bytes.chunks(Self::PAGE)) {
            if page.iter().any(|byte| *byte != 0) {
                self.memory.insert(address, page.to_vec());
            }
        }
    }

    /// Whether there was no more between two likenesses than asking, and looking at the answer.
    pub(crate) fn is_as_good_as(&self, later: &Self) -> bool {
        self.bytes == later.bytes
            && self.noticed == later.noticed
            && self.different(later) <= DIFFERENT
    }

    /// How many bytes are different; at most a few more than matter.
    fn different(&self, later: &Self) -> usize {
        const ZEROS: [u8; Likeness::PAGE] = [0; Likeness::PAGE];
        let new = later
            .memory
            .keys()
            .filter(|address| !self.memory.contains_key(address));
        let mut different = 0;
        for address in self.memory.keys().chain(new) {
            let before = self.memory.get(address).map_or(&ZEROS[..], Vec::as_slice);
            let after = later.memory.get(address).map_or(&ZEROS[..], Vec::as_slice);
            if before != after {
                different += before.iter().zip(after).filter(|(a, b)| a != b).count();
            }
            if different > DIFFERENT {
                break;
            }
        }
        different
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(bytes: &[u8]) -> Likeness {
        let mut like = Likeness::default();
        like.add(0x1000, bytes);
        like
    }

    #[test]
    fn a_counter_is_no_work() {
        let (mut before, mut after) = (vec![0; 4096], vec![0; 4096]);
        before[8] = 3;
        after[8] = 131;
        after[16] = 7;
        assert!(with(&before).is_as_good_as(&with(&after)));
        assert_ne!(with(&before), with(&after));
    }

    #[test]
    fn writing_answers_down_is_work() {
        let before = vec![0; 4096];
        let mut after = before.clone();
        after[100..100 + LOOK as usize].fill(1);
        assert!(!with(&before).is_as_good_as(&with(&after)));
    }

    #[test]
    fn more_memory_is_work_and_so_are_bytes_for_others() {
        let before = with(&[0; 4096]);
        let mut more = vec![0; 8192];
        more[4096..4400].fill(1);
        assert!(!before.is_as_good_as(&with(&more)));
        assert!(before.is_as_good_as(&with(&[0; 8192])));
        let written = Likeness {
            bytes: (0, 40),
            ..before.clone()
        };
        assert!(!before.is_as_good_as(&written));
    }
}
