//! The hazard map: the program's lines, and what happens at their moments.

use std::collections::BTreeMap;

use siglab_engine::{Seen, frames_at};

use crate::finding::{FindingKind, Hazards};

/// Counts moments by the line of the program's own code in which they are, or which made
/// the call that they are in.
#[derive(Debug, Default)]
pub(crate) struct Map {
    lines: BTreeMap<(String, u32), Hazards>,
}

impl Map {
    pub(crate) fn add(&mut self, seen: &Seen, kind: Option<FindingKind>) {
        let Some((path, address)) = &seen.own_at else {
            return;
        };
        let frames = frames_at(path, *address);
        let Some((file, line)) = frames
            .first()
            .and_then(|frame| Some((frame.file.clone()?, frame.line?)))
        else {
            return;
        };
        let hazards = self
            .lines
            .entry((file.clone(), line))
            .or_insert_with(|| Hazards {
                file,
                line,
                safe: 0,
                hang: 0,
                crash: 0,
                corrupt: 0,
            });
        let count = match kind {
            None => &mut hazards.safe,
            Some(FindingKind::Deadlock | FindingKind::Hang | FindingKind::LostWakeup) => {
                &mut hazards.hang
            }
            Some(FindingKind::Crash | FindingKind::KilledByDefault) => &mut hazards.crash,
            Some(_) => &mut hazards.corrupt,
        };
        *count += 1;
    }

    pub(crate) fn into_lines(self) -> Vec<Hazards> {
        self.lines.into_values().collect()
    }
}
