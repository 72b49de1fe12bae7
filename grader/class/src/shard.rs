//! A part of a class, for one of several machines.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::keys::digest;

/// One of several parts of a class, written `K/N`: part K of N, counted from 1.
///
/// Which part a submission belongs to depends on its name and N alone, so that every
/// machine comes to the same division without asking the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: NonZeroU32,
    of: NonZeroU32,
}

impl Shard {
    /// Its number, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number.get()
    }

    /// How many there are.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of.get()
    }

    /// Whether the submission with this name belongs to it.
    #[must_use]
    pub fn holds(self, name: &str) -> bool {
        let hash = digest([b"siglab/shard/v1", name.as_bytes()]);
        let number = hash.iter().take(8).fold(0, |number, byte| {
            (number * 256 + u64::from(*byte)) % u64::from(self.of())
        });
        number == u64::from(self.number() - 1)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if number <= of => Ok(Self { number, of }),
            _ => Err(format!(
                "`{text}` is not a shard; write K/N, such as 1/4, with K from 1 to N"
            )),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    fn shard(text: &str) -> Result<Shard, String> {
        text.parse()
    }

    #[test]
    fn shards_are_read() {
        assert_eq!(shard("2/4").map(|it| it.to_string()), Ok("2/4".into()));
        for text in ["", "1", "0/4", "5/4", "1/0", "-1/2", "a/b", "1/2/3"] {
            assert!(shard(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_submission_is_in_one_shard() {
        let shards: Vec<Shard> = (1..=4)
            .map(|number| shard(&format!("{number}/4")).expect("it is one"))
            .collect();
        let mut sizes = [0; 4];
        for number in 0..1000 {
            let name = format!("student{number}.c");
            let holders: Vec<usize> = (0..4).filter(|at| shards[*at].holds(&name)).collect();
            assert_eq!(holders.len(), 1, "{name}");
            sizes[holders[0]] += 1;
        }
        assert!(
            sizes.iter().all(|size| (200..300).contains(size)),
            "{sizes:?}"
        );
    }
}
