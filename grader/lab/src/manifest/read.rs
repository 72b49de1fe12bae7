//! From text to [`RawManifest`], with as many errors at once as can be found.
//!
//! serde stops at the first error. So each scenario, step, criterion and requirement is
//! read on its own, after keys that nobody knows were reported and taken out.

use serde::Deserializer;
use serde::de::value::Error as NoError;
use serde::de::{Deserialize, Error as _, Visitor};
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::ManifestProblem;
use super::raw::{RawCriterion, RawManifest, RawRequirement, RawScenario};
use crate::lab::nearest;

/// How many there may be of each thing, where all are compared with all.
const MOST: usize = 1_000;

/// So many times as many steps: those follow one another.
const STEPS: usize = 16;

/// What could be read of a manifest.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) raw: RawManifest,
    pub(crate) problems: Vec<ManifestProblem>,
    /// Whether parts of it couldn't be read at all, so that `raw` lacks them.
    pub(crate) lost: bool,
}

/// Reads `text` as far as it can be read.
pub(crate) fn read(text: &str) -> Read {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut read = Read {
        lost: !errors.is_empty(),
        problems: errors.iter().map(problem).collect(),
        ..Read::default()
    };
    if read.lost {
        return read;
    }
    let span = table.span();
    let mut table = table.into_inner();
    let scenarios = take_tables(&mut table, "scenario");
    let criteria = take_tables(&mut table, "criterion");
    let roles = table.get("roles").and_then(|it| it.get_ref().as_table());
    read.bound("scenarios", scenarios.len(), &span);
    read.bound("criteria", criteria.len(), &span);
    read.bound("roles", roles.map_or(0, |it| it.len()), &span);
    if read.lost {
        return read;
    }
    let whole = Spanned::new(span, DeValue::Table(table));
    read.raw = read.one(whole).into_inner();
    for mut value in scenarios {
        let steps = inner_tables(&mut value, "steps");
        if read.bound("steps", steps.len() / STEPS, &value.span()) {
            return read;
        }
        let mut scenario: Spanned<RawScenario> = read.one(value);
        let steps = steps.into_iter().map(|step| read.one(step));
        scenario.get_mut().steps.extend(steps);
        read.raw.scenario.push(scenario);
    }
    for mut value in criteria {
        let requirements = inner_tables(&mut value, "require");
        if read.bound("requirements", requirements.len(), &value.span()) {
            return read;
        }
        let mut criterion: Spanned<RawCriterion> = read.one(value);
        for mut value in requirements {
            let others = inner_tables(&mut value, "instead");
            let mut requirement: Spanned<RawRequirement> = read.one(value);
            let others = others.into_iter().map(|it| read.one(it));
            requirement.get_mut().instead.extend(others);
            criterion.get_mut().require.push(requirement);
        }
        read.raw.criterion.push(criterion);
    }
    read
}

type Value<'a> = Spanned<DeValue<'a>>;

/// Takes the list of tables `key` out of `table`; leaves anything else in place, where
/// serde will say what is wrong with it.
fn take_tables<'a>(table: &mut DeTable<'a>, key: &str) -> Vec<Value<'a>> {
    let is_list = table.get(key).is_some_and(|value| {
        let list = value.get_ref().as_array();
        list.is_some_and(|list| list.iter().all(|element| element.get_ref().is_table()))
    });
    if !is_list {
        return Vec::new();
    }
    match table.remove(key).map(Spanned::into_inner) {
        Some(DeValue::Array(list)) => list.into_iter().collect(),
        _ => Vec::new(),
    }
}

fn inner_tables<'a>(value: &mut Value<'a>, key: &str) -> Vec<Value<'a>> {
    match value.get_mut() {
        DeValue::Table(table) => take_tables(table, key),
        _ => Vec::new(),
    }
}

impl Read {
    /// Says if there are too many of something: then the rest isn't read.
    fn bound(&mut self, what: &str, count: usize, span: &std::ops::Range<usize>) -> bool {
        let is_over = count > MOST;
        if is_over {
            let most = if what == "steps" { MOST * STEPS } else { MOST };
            let problem =
                ManifestProblem::new(span.start..span.start, format!("more than {most} {what}"));
            self.problems
                .push(problem.help(Some("make several labs of it".into())));
            self.lost = true;
        }
        is_over
    }

    /// Reads one table; the default if it can't be read.
    fn one<'a, T: Deserialize<'a> + Default>(&mut self, mut value: Value<'a>) -> Spanned<T> {
        let span = value.span();
        if let DeValue::Table(table) = value.get_mut() {
            self.take_unknown_keys(table, fields_of::<T>());
        }
        let value = T::deserialize(ValueDeserializer::from(value)).unwrap_or_else(|error| {
            let mut problem = problem(&error);
            if error.span().is_none() {
                problem.span = span.clone();
            }
            self.problems.push(problem);
            self.lost = true;
            T::default()
        });
        Spanned::new(span, value)
    }

    fn take_unknown_keys(&mut self, table: &mut DeTable<'_>, known: &[&str]) {
        let unknown: Vec<_> = table
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .cloned()
            .collect();
        for key in unknown {
            table.remove(key.get_ref().as_ref());
            let help = match nearest(key.get_ref(), known.iter().copied()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let problem = ManifestProblem::new(key.span(), format!("unknown key `{key}`"));
            self.problems.push(problem.help(Some(help)));
        }
    }
}

fn problem(error: &toml::de::Error) -> ManifestProblem {
    let message = error
        .message()
        .replace("expected i64", "expected an integer")
        .replace("expected u16", "expected an integer from 0 to 65535");
    ManifestProblem::new(error.span().unwrap_or(0..0), message)
}

/// The names of the fields that `T` is read from.
fn fields_of<'a, T: Deserialize<'a>>() -> &'static [&'static str] {
    struct Fields<'f>(&'f mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Fields<'_> {
        type Error = NoError;

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, NoError> {
            *self.0 = fields;
            Err(NoError::custom("only the names were wanted"))
        }

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoError> {
            Err(NoError::custom("not a struct"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes
            byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map enum
            identifier ignored_any
        }
    }

    let mut fields: &'static [&'static str] = &[];
    // The error is how the deserializer stops; the names are out by then.
    let _ = T::deserialize(Fields(&mut fields));
    fields
}
