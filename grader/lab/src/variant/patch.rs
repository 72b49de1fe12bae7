//! Hunks of a unified diff.
//!
//! Line numbers are ignored: they would be wrong after the base's next change. A hunk has to fit
//! in one place, exactly, and in no other; what follows the second `@@`, as git(1) writes it, is a
//! line of the base after which that place is.

use std::fmt;

/// What to do about a hunk that doesn't fit.
const MEND: &str =
    "write the lines of the hunk that begin with ` ` and `-` as they are in the base";

/// Why a patch doesn't fit.
#[derive(Debug, PartialEq, Eq)]
pub struct PatchError {
    /// The line in the patch's file, from 1; absent: the whole file.
    line: Option<usize>,
    /// Which hunk, from 1.
    hunk: usize,
    /// What it is for.
    base: String,
    why: Why,
}

#[derive(Debug, PartialEq, Eq)]
enum Why {
    NoHunks,
    Stray(String),
    NothingChanges,
    NoPlace,
    NoHeading(String),
    Several(Vec<usize>),
    /// The first line that differs where most of the hunk is, and what is there.
    Differs {
        expected: String,
        found: Option<(usize, String)>,
    },
    Nowhere(String),
}

impl Why {
    /// The same where so many other lines come before.
    fn moved(mut self, before: usize) -> Self {
        match &mut self {
            Self::Several(lines) => lines.iter_mut().for_each(|line| *line += before),
            Self::Differs {
                found: Some((line, _)),
                ..
            } => *line += before,
            _ => {}
        }
        self
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hunk, base, line, ..
        } = self;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        match &self.why {
            Why::NoHunks => f.write_str("there is no hunk; each begins with a line `@@`"),
            Why::Stray(text) => write!(
                f,
                "hunk {hunk} has a line that begins with none of ` `, `-` and `+`:\n  {text}"
            ),
            Why::NothingChanges => write!(f, "hunk {hunk} takes nothing out and adds nothing"),
            Why::NoPlace => write!(
                f,
                "hunk {hunk} has no line of {base}; give it one or two before and after what it adds"
            ),
            Why::NoHeading(heading) => write!(
                f,
                "hunk {hunk} no longer fits {base}: after the hunks before, nothing there begins with\n  \
                 {heading}\nwrite after `@@` what it begins with now, or nothing"
            ),
            Why::Several(lines) => {
                let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "hunk {hunk} fits {base} in several places, at its lines {}; give it more lines of \
                     the base, or write after `@@` a line that it comes after",
                    lines.join(", ")
                )
            }
            Why::Differs { expected, found } => {
                let (label, found) = match found {
                    Some((line, found)) => (format!("line {line} is:"), found.as_str()),
                    None => ("it ends:".to_owned(), ""),
                };
                let width = label.len().max("expected:".len());
                write!(
                    f,
                    "hunk {hunk} no longer fits {base}\n  {:<width$} {expected}\n  {label:<width$} \
                     {found}\n{MEND}",
                    "expected:"
                )
            }
            Why::Nowhere(expected) => write!(
                f,
                "hunk {hunk} no longer fits {base}, which has none of its lines\n  expected: \
                 {expected}\n{MEND}"
            ),
        }
    }
}

/// A change in one place.
struct Hunk<'a> {
    /// Where it is in the file, from 1.
    line: usize,
    /// A line of the base after which it is begins with this.
    heading: &'a str,
    /// What is to be there.
    old: Vec<&'a str>,
    /// What takes its place.
    new: Vec<&'a str>,
}

/// Applies the hunks in `lines` to the program `text`, which is called `base`. Both come after so
/// many other lines in their files: `before`, that of the program first.
pub(super) fn apply(
    text: &str,
    base: &str,
    lines: &[&str],
    before: [usize; 2],
) -> Result<String, PatchError> {
    let error = |hunk: usize, line: Option<usize>, why| PatchError {
        line,
        hunk,
        base: base.to_owned(),
        why,
    };
    let hunks = read(lines, before[1]).map_err(|(hunk, line, why)| error(hunk, line, why))?;
    let old: Vec<&str> = text.lines().collect();
    let mut new: Vec<&str> = Vec::new();
    let mut done = 0;
    for (index, hunk) in hunks.iter().enumerate() {
        let place = place(&old, done, hunk).map_err(|why| {
            let why = why.moved(before[0]);
            error(index + 1, Some(hunk.line), why)
        })?;
        new.extend(&old[done..place]);
        new.extend(&hunk.new);
        done = place + hunk.old.len();
    }
    new.extend(&old[done..]);
    Ok(new
        .into_iter()
        .fold(String::new(), |text, line| text + line + "\n"))
}

/// Reads hunks. What comes before the first one, names of files, doesn't matter.
fn read<'a>(
    lines: &[&'a str],
    before: usize,
) -> Result<Vec<Hunk<'a>>, (usize, Option<usize>, Why)> {
    let mut hunks: Vec<Hunk<'a>> = Vec::new();
    // What editors leave at the end.
    let last = lines.iter().rposition(|it| !it.is_empty());
    for (index, &text) in lines.iter().enumerate().take(last.map_or(0, |it| it + 1)) {
        let line = before + index + 1;
        if let Some(rest) = text.strip_prefix("@@") {
            let heading = rest.split_once("@@").map_or(rest, |(_, heading)| heading);
            hunks.push(Hunk {
                line,
                heading: heading.trim(),
                old: Vec::new(),
                new: Vec::new(),
            });
            continue;
        }
        let number = hunks.len();
        let Some(hunk) = hunks.last_mut() else {
            continue;
        };
        // Editors take the blank at the end of an empty line of the base away.
        match text.split_at_checked(1).unwrap_or((" ", "")) {
            (" ", rest) => {
                hunk.old.push(rest);
                hunk.new.push(rest);
            }
            ("-", rest) => hunk.old.push(rest),
            ("+", rest) => hunk.new.push(rest),
            // "\ No newline at end of file"
            ("\\", _) => {}
            _ => return Err((number, Some(line), Why::Stray(text.to_owned()))),
        }
    }
    if hunks.is_empty() {
        return Err((0, None, Why::NoHunks));
    }
    for (index, hunk) in hunks.iter().enumerate() {
        let wrong = if hunk.old.is_empty() {
            Why::NoPlace
        } else if hunk.old == hunk.new {
            Why::NothingChanges
        } else {
            continue;
        };
        return Err((index + 1, Some(hunk.line), wrong));
    }
    Ok(hunks)
}

/// The only place in `base`, from `first` on, where `hunk` fits.
fn place(base: &[&str], first: usize, hunk: &Hunk) -> Result<usize, Why> {
    let mut first = first;
    if !hunk.heading.is_empty() {
        let heading = base
            .iter()
            .position(|line| line.starts_with(hunk.heading))
            .ok_or_else(|| Why::NoHeading(hunk.heading.to_owned()))?;
        first = first.max(heading);
    }
    let matches = |at: usize| {
        let there = base.get(at..).unwrap_or_default();
        let lines = hunk.old.iter().zip(there);
        lines.filter(|(old, there)| old == there).count()
    };
    let fits: Vec<usize> = (first..base.len())
        .filter(|&at| matches(at) == hunk.old.len())
        .collect();
    match fits[..] {
        [one] => Ok(one),
        [] => Err(differs(base, first, hunk, matches)),
        ref several => Err(Why::Several(several.iter().map(|at| at + 1).collect())),
    }
}

/// Why `hunk` fits nowhere: how it differs from the place that is the most similar.
fn differs(base: &[&str], first: usize, hunk: &Hunk, matches: impl Fn(usize) -> usize) -> Why {
    let best = (first..base.len()).max_by_key(|&at| (matches(at), base.len() - at));
    let Some(best) = best.filter(|&at| matches(at) > 0) else {
        // The first line with something in it says most.
        let line = hunk.old.iter().find(|it| !it.trim().is_empty());
        return Why::Nowhere((*line.unwrap_or(&"")).to_owned());
    };
    let at = (0..hunk.old.len())
        .find(|&it| base.get(best + it) != Some(&hunk.old[it]))
        .unwrap_or(0);
    Why::Differs {
        expected: hunk.old[at].to_owned(),
        found: base
            .get(best + at)
            .map(|line| (best + at + 1, (*line).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::apply;

    proptest! {
        /// What another library writes is applied as it means it, whatever has become of the line
        /// numbers.
        #[test]
        fn diffs_are_applied_as_others_write_them(
            edits in prop::collection::vec((0usize..40, 0usize..3), 1..12),
            context in 1usize..4,
            above in 0usize..3,
        ) {
            let old: Vec<String> = (0..40).map(|line| format!("line {line}")).collect();
            let mut new = old.clone();
            for (step, (at, kind)) in edits.into_iter().enumerate() {
                let at = at % new.len();
                match kind {
                    0 => drop(new.remove(at)),
                    1 => new.insert(at, format!("new {step}")),
                    _ => new[at] = format!("other {step}"),
                }
            }
            prop_assume!(old != new);
            let text = |lines: &[String]| lines.join("\n") + "\n";
            let mut options = diffy::DiffOptions::new();
            options.set_context_len(context);
            let patch = options.create_patch(&text(&old), &text(&new)).to_string();
            let lines: Vec<&str> = patch.lines().collect();
            let more = "above\n".repeat(above);
            let applied = apply(&(more.clone() + &text(&old)), "base", &lines, [0, 0]);
            prop_assert_eq!(applied, Ok(more + &text(&new)));
        }
    }
}
