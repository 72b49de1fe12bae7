//! Who runs next.

use std::collections::VecDeque;

use siglab_model::{Policy, Role};

/// Carries out a [`Policy`].
#[derive(Clone, Debug)]
pub(crate) enum Scheduler {
    InOrder,
    Random(SplitMix),
    Replay(VecDeque<Role>),
}

impl Scheduler {
    pub(crate) fn new(policy: &Policy) -> Self {
        match policy {
            Policy::InOrder => Self::InOrder,
            Policy::Random { seed } => Self::Random(SplitMix(*seed)),
            Policy::Replay { choices } => Self::Replay(choices.iter().cloned().collect()),
        }
    }

    /// Whether a thread may be made to wait for another although it could go on.
    pub(crate) fn preempts(&self) -> bool {
        !matches!(self, Self::InOrder)
    }

    /// The position of the one that runs next among `roles`, in order of creation.
    /// `last` is the position after which the search in order begins.
    pub(crate) fn choose(&mut self, roles: &[Role], last: usize) -> usize {
        let in_order = last % roles.len();
        match self {
            Self::InOrder => in_order,
            Self::Random(numbers) => (numbers.next() % roles.len() as u64) as usize,
            Self::Replay(choices) => choices
                .pop_front()
                .and_then(|role| roles.iter().position(|r| *r == role))
                .unwrap_or(in_order),
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and the same everywhere. Also the
/// source of what the program gets as random.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix(pub(crate) u64);

impl SplitMix {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
