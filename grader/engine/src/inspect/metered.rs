//! Reading within a budget.
//!
//! Debugging information may ask for more work than it has bytes: a thousand functions with the
//! same list of ranges, a thousand units with the same abbreviations, a line table whose
//! thousand files have the same long folder. What reads it keeps what it has read, so that a
//! bound on reading is a bound on memory, too.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use gimli::{EndianArcSlice, Error, LittleEndian, Reader, ReaderOffsetId};

/// What is left of the work that a file is worth, in reads or bytes of strings. It can be
/// overdrawn once: then what is granted pays the debt first.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<AtomicI64>);

impl Budget {
    pub(super) fn new(work: u64) -> Self {
        Self(Arc::new(AtomicI64::new(signed(work))))
    }

    /// So much more.
    pub(super) fn grant(&self, work: u64) {
        self.0.fetch_add(signed(work), Ordering::Relaxed);
    }

    /// Takes so much of it.
    pub(super) fn spend(&self, work: u64) -> gimli::Result<()> {
        if self.0.load(Ordering::Relaxed) <= 0 {
            return Err(Error::TooManyIterations);
        }
        self.0.fetch_sub(signed(work), Ordering::Relaxed);
        Ok(())
    }
}

/// No file is so large that this makes a difference.
fn signed(work: u64) -> i64 {
    i64::try_from(work).unwrap_or(i64::MAX).min(1 << 40)
}

/// A section, or a part of one, that is read on a budget.
#[derive(Clone, Debug)]
pub(super) struct Metered {
    bytes: EndianArcSlice<LittleEndian>,
    budget: Budget,
}

impl Metered {
    pub(super) fn new(bytes: Arc<[u8]>, budget: &Budget) -> Self {
        Self {
            bytes: EndianArcSlice::new(bytes, LittleEndian),
            budget: budget.clone(),
        }
    }
}

impl Reader for Metered {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        self.bytes.endian()
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn empty(&mut self) {
        self.bytes.empty();
    }

    fn truncate(&mut self, len: usize) -> gimli::Result<()> {
        self.bytes.truncate(len)
    }

    fn offset_from(&self, base: &Self) -> usize {
        self.bytes.offset_from(&base.bytes)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        self.bytes.offset_id()
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        self.bytes.lookup_offset_id(id)
    }

    fn find(&self, byte: u8) -> gimli::Result<usize> {
        let found = self.bytes.find(byte);
        self.budget
            .spend(found.map_or(self.len(), |it| it) as u64 + 1)?;
        found
    }

    fn skip(&mut self, len: usize) -> gimli::Result<()> {
        self.budget.spend(1)?;
        self.bytes.skip(len)
    }

    fn split(&mut self, len: usize) -> gimli::Result<Self> {
        self.budget.spend(1)?;
        Ok(Self {
            bytes: self.bytes.split(len)?,
            budget: self.budget.clone(),
        })
    }

    fn to_slice(&self) -> gimli::Result<Cow<'_, [u8]>> {
        self.budget.spend(self.len() as u64 + 1)?;
        self.bytes.to_slice()
    }

    fn to_string(&self) -> gimli::Result<Cow<'_, str>> {
        self.budget.spend(self.len() as u64 + 1)?;
        Reader::to_string(&self.bytes)
    }

    fn to_string_lossy(&self) -> gimli::Result<Cow<'_, str>> {
        self.budget.spend(self.len() as u64 + 1)?;
        self.bytes.to_string_lossy()
    }

    fn read_slice(&mut self, buf: &mut [u8]) -> gimli::Result<()> {
        self.budget.spend(1)?;
        self.bytes.read_slice(buf)
    }
}

#[cfg(test)]
mod tests {
    use gimli::{Error, Reader as _};

    use super::{Budget, Metered};

    #[test]
    fn reading_ends_with_the_budget() {
        let budget = Budget::new(3);
        let mut reader = Metered::new([0; 64].into(), &budget);
        let mut other = reader.clone();
        assert_eq!(reader.read_u64(), Ok(0));
        // A part has the same budget.
        let mut part = other.split(8).expect("it is within");
        assert_eq!(part.read_u8(), Ok(0));
        assert_eq!(reader.read_u8(), Err(Error::TooManyIterations));
        budget.grant(1);
        assert!(reader.to_slice().is_ok(), "it is overdrawn");
        budget.grant(8);
        assert_eq!(part.read_u8(), Err(Error::TooManyIterations));
        budget.grant(64);
        assert_eq!(part.read_u8(), Ok(0));
    }
}
