//! Functions that take the place of others.

use super::functions::functions;
use crate::lab::nearest;
use crate::result::Language;

/// Why functions can't take the place of the base's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// There is no function.
    #[error(
        "there is no function; each begins in the first column, and so does the brace that closes it"
    )]
    NoFunctions,
    /// None of them is in the base.
    #[error("{base} has none of the functions {}{}", names.join(", "), match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    })]
    NothingReplaced {
        /// The base.
        base: String,
        /// Their names.
        names: Vec<String>,
        /// A function of the base with a similar name.
        near: Option<String>,
    },
    /// The base has several of this name.
    #[error("{base} has several functions `{name}`; write this one as a patch")]
    Several {
        /// The base.
        base: String,
        /// The name.
        name: String,
    },
    /// The base has them in another order.
    #[error("`{name}` comes before others in {base}; write the functions in the base's order")]
    Order {
        /// The base.
        base: String,
        /// The one that comes too late.
        name: String,
    },
}

/// Puts the functions in `lines` in place of those with the same names in the program `text`, which
/// is called `base`. What is between them goes along, before the function that it comes before.
pub(super) fn replace(
    text: &str,
    base: &str,
    lines: &[&str],
    language: Language,
) -> Result<String, PartError> {
    let old: Vec<&str> = text.lines().collect();
    let known = functions(&old, language);
    let written = functions(lines, language);
    if written.is_empty() {
        return Err(PartError::NoFunctions);
    }
    let mut new: Vec<&str> = Vec::new();
    // How much of both is there already.
    let (mut taken, mut done) = (0, 0);
    for function in &written {
        let mut same = known.iter().filter(|it| it.name == function.name);
        let Some(place) = same.next() else {
            continue;
        };
        let base = base.to_owned();
        let name = function.name.clone();
        if same.next().is_some() {
            return Err(PartError::Several { base, name });
        }
        if place.lines.start < done {
            return Err(PartError::Order { base, name });
        }
        new.extend(&old[done..place.lines.start]);
        new.extend(trimmed(&lines[taken..function.lines.end]));
        taken = function.lines.end;
        done = place.lines.end;
    }
    if done == 0 {
        let names: Vec<String> = written.into_iter().map(|it| it.name).collect();
        let candidates = || known.iter().map(|it| it.name.as_str());
        let near = names.iter().find_map(|name| nearest(name, candidates()));
        return Err(PartError::NothingReplaced {
            base: base.to_owned(),
            near: near.map(str::to_owned),
            names,
        });
    }
    let rest = trimmed(&lines[taken..]);
    if !rest.is_empty() {
        new.push("");
        new.extend(rest);
    }
    new.extend(&old[done..]);
    Ok(new
        .into_iter()
        .fold(String::new(), |text, line| text + line + "\n"))
}

/// Lines without the empty ones before and after.
fn trimmed<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let is_full = |it: &&str| !it.is_empty();
    let first = lines.iter().position(is_full).unwrap_or(lines.len());
    let last = lines.iter().rposition(is_full).map_or(first, |it| it + 1);
    &lines[first..last]
}
