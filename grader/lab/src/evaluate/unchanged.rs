//! The rule `unchanged`: a function is token for token the starter's.

use super::Evidence;
use super::diagnosis as ids;
use crate::result::Diagnosis;
use crate::tokens::{Function, FunctionError, function};

/// Checks the rule for the function `name`.
pub(super) fn check(evidence: &Evidence<'_>, name: &str) -> Result<(), Diagnosis> {
    let Some(original) = evidence.original else {
        return Err(Diagnosis {
            id: ids::NO_ORIGINAL.into(),
            message: format!("the lab was not handed out in {}", evidence.language),
            hint: "hand in one of the languages of the starters".into(),
        });
    };
    let hint = format!("put {name}() back as it was; only other functions may change");
    let wanted = match function(evidence.language, original, name) {
        Ok(function) => function,
        Err(error) => {
            return Err(Diagnosis {
                id: ids::NO_ORIGINAL.into(),
                message: format!("the program as handed out: {error}"),
                hint: "this is not the submission's doing; tell whoever made the lab".into(),
            });
        }
    };
    match function(evidence.language, evidence.source, name) {
        Ok(found) => difference(&wanted, &found).map_or(Ok(()), |message| {
            Err(Diagnosis {
                id: ids::FUNCTION_CHANGED.into(),
                message: format!("{name}() is not as it was handed out: {message}"),
                hint,
            })
        }),
        Err(error @ FunctionError::Missing { .. }) => Err(Diagnosis {
            id: ids::FUNCTION_MISSING.into(),
            message: error.to_string(),
            hint,
        }),
        Err(error) => Err(Diagnosis {
            id: ids::FUNCTION_CHANGED.into(),
            message: error.to_string(),
            hint,
        }),
    }
}

/// The first difference, in words.
fn difference(wanted: &Function, found: &Function) -> Option<String> {
    if let Some(macro_name) = found
        .redefined
        .iter()
        .find(|name| !wanted.redefined.contains(name))
    {
        return Some(format!(
            "the macro {macro_name} gives one of its words another meaning"
        ));
    }
    let (wanted, found) = (&wanted.tokens, &found.tokens);
    let at = (0..wanted.len().max(found.len())).find(|at| {
        wanted.get(*at).map(|token| &token.text) != found.get(*at).map(|token| &token.text)
    })?;
    let line = found.get(at).or(found.last()).and_then(|token| token.line);
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    Some(match (wanted.get(at), found.get(at)) {
        (Some(wanted), Some(found)) => {
            format!("{place}`{}` where there was `{}`", found.text, wanted.text)
        }
        (Some(wanted), None) => format!("{place}it ends where there was `{}`", wanted.text),
        (None, Some(found)) => format!("{place}it goes on with `{}`", found.text),
        (None, None) => return None,
    })
}
