//! The debugging information of a program: lines, and functions that were compiled into others.
//!
//! `addr2line` reads it, but gets the sections from here. Its own loader opens whatever file the
//! program names (split debugging information, packages of it), maps it, and unfolds compressed
//! sections whatever size they say they have. Here, only the program itself is read; its sections
//! are bounded, and so is what is done with them ([`Budget`]).

use std::path::Path;
use std::sync::Arc;

use addr2line::{Context, LookupContinuation as _, LookupResult};
use gimli::{AbbreviationsCacheStrategy, DW_TAG_inlined_subroutine, Dwarf, SectionId};
use object::{CompressionFormat, Object, ObjectSection as _};
use siglab_sandbox::regular;

use super::metered::{Budget, Metered};

/// The most bytes of all sections together, unfolded: they may lie upon each other in the file.
const MOST_IN_SECTIONS: usize = 256 << 20;

/// How often each byte may be read: what programs have is read about three times.
const READS_A_BYTE: u64 = 16;

/// The work that every file is worth, and every lookup.
const AT_LEAST: u64 = 1 << 16;
const EACH_LOOKUP: u64 = 1 << 12;

/// How deep functions may be compiled into each other. Compilers stop at some dozen; each level
/// takes a part of the stack to read.
const DEEPEST_INLINED: usize = 256;

/// The most rows of line tables that are listed.
const MOST_ROWS: usize = 1 << 20;

/// The most bytes of a function's or a file's name.
pub(super) const LONGEST_NAME: usize = 4096;

/// What is known of the source of a program.
pub struct DebugInfo {
    context: Context<Metered>,
    budget: Budget,
}

/// Where an instruction comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The function, without mangling.
    pub function: Option<String>,
    /// The file's path, as the compiler was given it.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl std::fmt::Debug for DebugInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DebugInfo").finish_non_exhaustive()
    }
}

impl DebugInfo {
    /// Of the program at `path`; nothing if it isn't a regular file, has none, or has more than
    /// makes sense.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = regular::read(path, regular::MOST_PROGRAM).ok()?;
        Self::of(&object::File::parse(&*bytes).ok()?)
    }

    /// Of a program.
    pub(super) fn of(file: &object::File<'_>) -> Option<Self> {
        if !file.is_little_endian() {
            return None;
        }
        let mut left = MOST_IN_SECTIONS;
        let budget = Budget::new(AT_LEAST);
        let load = |id: SectionId| -> Result<Metered, ()> {
            let bytes = section(file, id.name(), left).ok_or(())?;
            left -= bytes.len();
            budget.grant(READS_A_BYTE * bytes.len() as u64);
            Ok(Metered::new(bytes, &budget))
        };
        let mut dwarf = Dwarf::load(load).ok()?;
        dwarf.populate_abbreviations_cache(AbbreviationsCacheStrategy::Duplicates);
        if !is_shallow(&dwarf).ok()? {
            return None;
        }
        let context = Context::from_dwarf(dwarf).ok()?;
        Some(Self { context, budget })
    }

    /// The functions at an address, innermost first: several if some were compiled into others.
    /// Empty if nothing is known.
    #[must_use]
    pub fn places(&self, address: u64) -> Vec<Place> {
        let mut places = Vec::new();
        // addr2line adds one to the address.
        if address == u64::MAX {
            return places;
        }
        self.budget.grant(EACH_LOOKUP);
        let mut lookup = self.context.find_frames(address);
        let frames = loop {
            match lookup {
                LookupResult::Output(frames) => break frames,
                // It is in another file, which isn't read.
                LookupResult::Load { continuation, .. } => lookup = continuation.resume(None),
            }
        };
        let Ok(mut frames) = frames else {
            return places;
        };
        while let Ok(Some(frame)) = frames.next() {
            let (file, line) = match frame.location {
                Some(location) => (location.file, location.line),
                None => (None, None),
            };
            places.push(Place {
                function: frame.function.and_then(|name| {
                    let is_long = gimli::Reader::len(&name.name) > LONGEST_NAME;
                    let name = (!is_long).then(|| name.demangle().ok()).flatten()?;
                    // A short one may stand for a long one.
                    self.budget.spend(name.len() as u64).ok()?;
                    (name.len() <= LONGEST_NAME).then(|| name.into_owned())
                }),
                file: file
                    .filter(|it| it.len() <= LONGEST_NAME)
                    .map(str::to_owned),
                line,
            });
        }
        places
    }

    /// The addresses at which lines begin, with the file's path and the line, in no order.
    /// Nothing if there are more than makes sense.
    #[must_use]
    pub fn lines(&self) -> Option<Vec<(u64, String, u32)>> {
        let mut lines = Vec::new();
        let rows = self.context.find_location_range(0, u64::MAX).ok()?;
        for (seen, (address, _, location)) in rows.enumerate() {
            if seen >= MOST_ROWS {
                return None;
            }
            if let (Some(file), Some(line)) = (location.file, location.line)
                && file.len() <= LONGEST_NAME
            {
                lines.push((address, file.to_owned(), line));
            }
        }
        Some(lines)
    }
}

/// A section's bytes, unfolded; empty if there is none of this name. Nothing if there are more
/// than `most`, or it is folded in a way that isn't known.
fn section(file: &object::File<'_>, name: &str, most: usize) -> Option<Arc<[u8]>> {
    let Some(section) = file.section_by_name(name) else {
        return Some(Arc::default());
    };
    let folded = section.compressed_data().ok()?;
    let length = usize::try_from(folded.uncompressed_size).ok()?;
    if length > most {
        return None;
    }
    match folded.format {
        CompressionFormat::None => Some(folded.data.into()),
        CompressionFormat::Zlib => {
            // Not before it is known what there is: a section may claim anything.
            let mut bytes = Vec::new();
            let mut unfolded = flate2::read::ZlibDecoder::new(folded.data);
            let most = folded.uncompressed_size;
            std::io::Read::read_to_end(&mut std::io::Read::take(&mut unfolded, most), &mut bytes)
                .ok()?;
            (bytes.len() == length).then(|| bytes.into())
        }
        _ => None,
    }
}

/// Whether functions aren't compiled into each other deeper than compilers do it: addr2line calls
/// itself for each level.
fn is_shallow(dwarf: &Dwarf<Metered>) -> gimli::Result<bool> {
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        // Nobody reads one that is damaged.
        let Ok(unit) = dwarf.unit(header) else {
            continue;
        };
        let Ok(mut entries) = unit.entries_raw(None) else {
            continue;
        };
        // Their depths, each deeper than the one before.
        let mut inlined: Vec<isize> = Vec::new();
        while !entries.is_empty() {
            let depth = entries.next_depth();
            let Ok(abbreviation) = entries.read_abbreviation() else {
                break;
            };
            let Some(abbreviation) = abbreviation else {
                continue;
            };
            while inlined.last().is_some_and(|outer| *outer >= depth) {
                inlined.pop();
            }
            if abbreviation.tag() == DW_TAG_inlined_subroutine {
                inlined.push(depth);
                if inlined.len() > DEEPEST_INLINED {
                    return Ok(false);
                }
            }
            if entries.skip_attributes(abbreviation.attributes()).is_err() {
                break;
            }
        }
    }
    Ok(true)
}
