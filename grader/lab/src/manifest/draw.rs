//! Drawing moments from a seed: the same ones on every machine and in every version.

use std::time::Duration;

/// What one scenario draws, one number after another.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// For `scenario` of `lab`. Each scenario draws for itself: another one, or another step
    /// elsewhere, changes nothing here.
    pub(super) fn new(seed: u64, lab: &str, scenario: &str) -> Self {
        let name = hash(&[lab.as_bytes(), scenario.as_bytes()]);
        Self(seed ^ name)
    }

    /// A duration from `least` to `most`, both included: of whole milliseconds if these are,
    /// else of whole microseconds or nanoseconds. All are equally likely, but for what dividing
    /// 2^64 leaves over.
    pub(super) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let units = [1_000_000, 1_000, 1];
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let (least, most) = (nanos(least), nanos(most));
        let unit = units
            .into_iter()
            .find(|unit| least % unit == 0 && most % unit == 0)
            .unwrap_or(1);
        let choices = (most.saturating_sub(least) / unit).saturating_add(1);
        Duration::from_nanos(least + self.next() % choices * unit)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The seed of the lab with this id unless another is asked for. Of six digits, for people copy
/// it.
pub(super) fn default_seed(lab: &str) -> u64 {
    hash(&[lab.as_bytes()]) % 1_000_000
}

/// 64-bit FNV-1a, with a byte after each part that UTF-8 never has.
fn hash(parts: &[&[u8]]) -> u64 {
    let bytes = parts
        .iter()
        .flat_map(|part| part.iter().chain(std::iter::once(&0xff)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::{Dice, default_seed};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn what_is_drawn_stays_the_same() {
        let mut dice = Dice::new(7, "terminator", "double-sigint");
        let drawn: Vec<_> = (0..4).map(|_| dice.between(400 * MS, 700 * MS)).collect();
        assert_eq!(drawn, [477, 675, 419, 457].map(|ms| ms * MS));
        assert_eq!(default_seed("terminator"), 909_965);
    }

    #[test]
    fn all_of_a_range_is_drawn_and_nothing_else() {
        let mut dice = Dice::new(7, "lab", "scenario");
        let drawn: BTreeSet<_> = (0..1000).map(|_| dice.between(3 * MS, 9 * MS)).collect();
        let all: BTreeSet<_> = (3..=9).map(|ms| ms * MS).collect();
        assert_eq!(drawn, all);
    }

    #[test]
    fn scenarios_and_seeds_draw_for_themselves() {
        let first = |seed, scenario| Dice::new(seed, "lab", scenario).next();
        let drawn = [first(1, "a"), first(1, "b"), first(2, "a"), first(2, "b")];
        assert_eq!(BTreeSet::from(drawn).len(), 4);
    }
}
