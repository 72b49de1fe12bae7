//! Random numbers that can be had again.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// The environment variable with the seed.
const SEED: &str = "SIGLAB_SEED";

/// A sequence of pseudo-random numbers. Shown as what gives the same sequence again.
#[derive(Clone, Debug)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// The sequence of the seed in the environment variable `SIGLAB_SEED`; of a random
    /// seed, if there is none.
    ///
    /// # Panics
    /// If the variable is set and no number.
    #[must_use]
    pub fn from_environment() -> Self {
        let seed = match std::env::var(SEED) {
            Ok(text) => text.parse().expect("SIGLAB_SEED is a number"),
            // The hash of nothing, with random keys.
            Err(_) => RandomState::new().hash_one(()),
        };
        Self::new(seed)
    }

    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// The next number, less than `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64, by Sebastiano Vigna.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SEED}={}", self.seed)
    }
}
