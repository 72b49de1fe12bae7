//! The rule `unchanged`: a function is the starter's, and what is compiled and runs is that
//! function.
//!
//! Three things are asked. Whether its tokens are the same: in C after preprocessing, so that
//! neither `#if` nor a macro makes a difference that isn't seen. Whether its words mean the same:
//! the functions, variables and types that it depends on, as far as they aren't the system's.
//! And, if the lab says which process runs it, whether that process does what it does in the
//! program as it was handed out: [`super::twin`].

use super::diagnosis as ids;
use super::twin::{self, Part};
use super::{Evidence, Failing};
use crate::manifest::{Criterion, Roles};
use crate::result::{Diagnosis, Language};
use crate::tokens::{
    Function, FunctionError, Other, Unit, compiled_function, function, other_meaning_in_c,
    other_meaning_in_rust,
};
use siglab_model::Role;

/// Checks what the text tells about the function `name`.
pub(super) fn check(evidence: &Evidence<'_>, name: &str) -> Result<(), Diagnosis> {
    let Some(original) = evidence.original else {
        return Err(Diagnosis {
            id: ids::NO_ORIGINAL.into(),
            message: format!("the lab was not handed out in {}", evidence.language),
            hint: "hand in one of the languages of the starters".into(),
        });
    };
    let wanted = function(evidence.language, original, name).map_err(no_original)?;
    let as_written = match function(evidence.language, evidence.source, name) {
        Ok(found) => {
            difference(&wanted, &found).map_or(Ok(()), |message| Err(changed(name, &message)))
        }
        // An old version may be there between #if 0 and #endif.
        Err(FunctionError::Several { .. }) if evidence.preprocessed.is_some() => Ok(()),
        Err(error) => Err(unlike(name, &error)),
    };
    if let (Some(wanted), Some(found)) = (evidence.original_preprocessed, evidence.preprocessed) {
        let (wanted, found) = (Unit::read(wanted), Unit::read(found));
        as_compiled(&wanted, &found, name, as_written)?;
        let other = other_meaning_in_c(&wanted, &found, name);
        return other.map_or(Ok(()), |other| Err(other_word(name, &other)));
    }
    as_written?;
    if evidence.language == Language::Rust
        && let Some(other) = other_meaning_in_rust(original, evidence.source, name)
    {
        return Err(other_word(name, &other));
    }
    Ok(())
}

/// Checks whether the function that is compiled is the original's. `as_written` is what can be
/// said of it without preprocessing, in the student's own words.
fn as_compiled(
    wanted: &Unit,
    found: &Unit,
    name: &str,
    as_written: Result<(), Diagnosis>,
) -> Result<(), Diagnosis> {
    let wanted = compiled_function(wanted, name).map_err(no_original)?;
    match compiled_function(found, name) {
        Ok(found) => difference(&wanted, &found).map_or(Ok(()), |message| {
            as_written?;
            let message = format!("with macros and #if taken into account, {message}");
            Err(changed(name, &message))
        }),
        Err(error) => {
            as_written?;
            let hint =
                format!("{name}() is there, but #if or a macro keeps it from being compiled");
            Err(Diagnosis {
                hint,
                ..unlike(name, &error)
            })
        }
    }
}

/// Checks whether the process `role` runs the function `name`, in all runs whose twin is known.
pub(super) fn check_runs(
    criterion: &Criterion,
    evidence: &Evidence<'_>,
    name: &str,
    role: &str,
    roles: &Roles,
) -> Result<(), Failing> {
    let role = Role::new(role);
    let mut is_there = false;
    let mut is_seen = false;
    for id in &criterion.scenarios {
        let key = (criterion.id.clone(), id.clone());
        let (Some(Ok(trace)), Some(twin)) =
            (evidence.runs.get(id.as_str()), evidence.twins.get(&key))
        else {
            continue;
        };
        let (Some(found), Some(wanted)) = (Part::of(trace, &role), Part::of(&twin.trace, &role))
        else {
            continue;
        };
        is_there = true;
        is_seen |= twin.plan.until.is_none_or(|until| !until.is_zero());
        twin::compare(found, wanted, twin.plan.until, name)
            .map_err(|diagnosis| Failing::fail(Some(id), diagnosis))?;
    }
    if is_there && !is_seen {
        let main = roles.main();
        return Err(Failing::fail(
            None,
            Diagnosis {
                id: ids::FUNCTION_NOT_RUN.into(),
                message: format!(
                    "{role} gets signals as soon as it is there, so whether it runs {name}() \
                     can't be seen"
                ),
                hint: format!("let {main} send signals only when there is a reason to"),
            },
        ));
    }
    Ok(())
}

fn hint(name: &str) -> String {
    format!("put {name}() back as it was; only other functions may change")
}

fn changed(name: &str, message: &str) -> Diagnosis {
    Diagnosis {
        id: ids::FUNCTION_CHANGED.into(),
        message: format!("{name}() is not as it was handed out: {message}"),
        hint: hint(name),
    }
}

fn unlike(name: &str, error: &FunctionError) -> Diagnosis {
    Diagnosis {
        id: match error {
            FunctionError::Missing { .. } => ids::FUNCTION_MISSING.into(),
            _ => ids::FUNCTION_CHANGED.into(),
        },
        message: error.to_string(),
        hint: hint(name),
    }
}

fn no_original(error: FunctionError) -> Diagnosis {
    Diagnosis {
        id: ids::NO_ORIGINAL.into(),
        message: format!("the program as handed out: {error}"),
        hint: "this is not the submission's doing; tell whoever made the lab".into(),
    }
}

fn other_word(name: &str, other: &Other) -> Diagnosis {
    let place = other
        .line
        .map_or_else(String::new, |line| format!("line {line}: "));
    if other.word == name {
        return changed(
            name,
            &format!("{place}{name} may stand for something else here"),
        );
    }
    let word = &other.word;
    Diagnosis {
        id: ids::FUNCTION_CHANGED.into(),
        message: format!(
            "{name}() is not as it was handed out: {place}{word}, which it uses, is something \
             else here"
        ),
        hint: format!("leave {word} as it was handed out, and use another name for what you add"),
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
