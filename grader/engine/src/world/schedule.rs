//! Who runs next.

use std::collections::VecDeque;

use siglab_model::{Policy, Role};

/// Carries out a [`Policy`].
#[derive(Clone, Debug)]
pub(crate) enum Scheduler {
    InOrder,
    NewestFirst,
    Random(Dice),
    Replay(VecDeque<Role>),
}

/// Pseudo-random choices. If each of many choices were made by itself, orders in which
/// somebody comes last, or runs for long, would hardly ever be seen; so seeds differ in how
/// they choose, too.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    numbers: SplitMix,
    style: Style,
}

#[derive(Clone, Debug)]
enum Style {
    /// Whoever runs goes on, but for one time in so many.
    Sticky(u64),
    /// Whoever comes first here; now and then, who does becomes the last one. As in
    /// "probabilistic concurrency testing" (Burckhardt and others, 2010).
    Priorities(Vec<Role>),
}

impl Dice {
    fn new(seed: u64) -> Self {
        let style = match seed % 4 {
            0 => Style::Sticky(1),
            1 => Style::Sticky(4),
            _ => Style::Priorities(Vec::new()),
        };
        Self {
            numbers: SplitMix(seed),
            style,
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.numbers.next() % bound as u64) as usize
    }

    fn choose(&mut self, roles: &[Role], in_order: usize) -> usize {
        /// At one choice in so many, the first one becomes the last.
        const CHANGE: usize = 12;
        let one_in_few = self.below(CHANGE) == 0;
        match &mut self.style {
            Style::Sticky(often) => {
                let stays = !self.numbers.next().is_multiple_of(*often);
                if stays {
                    in_order
                } else {
                    self.below(roles.len())
                }
            }
            Style::Priorities(order) => {
                for role in roles {
                    if !order.contains(role) {
                        let at = (self.numbers.next() % (order.len() as u64 + 1)) as usize;
                        order.insert(at, role.clone());
                    }
                }
                let first = order.iter().position(|role| roles.contains(role));
                let Some(first) = first else { return in_order };
                let chosen = roles.iter().position(|role| *role == order[first]);
                if one_in_few {
                    let role = order.remove(first);
                    order.push(role);
                }
                chosen.unwrap_or(in_order)
            }
        }
    }
}

impl Scheduler {
    pub(crate) fn new(policy: &Policy) -> Self {
        match policy {
            Policy::InOrder => Self::InOrder,
            Policy::NewestFirst => Self::NewestFirst,
            Policy::Random { seed } => Self::Random(Dice::new(*seed)),
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
            Self::NewestFirst => roles.len() - 1,
            Self::Random(dice) => dice.choose(roles, in_order),
            Self::Replay(choices) => choices
                .pop_front()
                .and_then(|role| roles.iter().position(|r| *r == role))
                .unwrap_or(in_order),
        }
    }
}

/// Carries out [`crate::Options::disturb`].
#[derive(Clone, Debug)]
pub(crate) struct Disturber {
    dice: SplitMix,
    /// How often it did.
    times: u64,
}

impl Disturber {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: SplitMix(seed),
            times: 0,
        }
    }

    /// Whether it interrupts a task that runs now: more rarely the longer a run is, or long
    /// ones would take too long. Then, how often others may go first.
    pub(crate) fn strikes(&mut self) -> Option<u64> {
        /// At first, once in so many times.
        const RARE: u64 = 16;
        let strikes = self.dice.next().is_multiple_of(RARE + self.times);
        self.times += u64::from(strikes);
        strikes.then(|| self.dice.next() % 4)
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
