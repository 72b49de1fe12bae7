//! Descriptions of events.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};
use siglab_model::{ProcessStatus, Time};

use super::check::Checker;
use super::event::{EVENTS, EventKind, Field, Holds};
use super::pattern::{FieldTest, FieldValue, Pattern};
use super::raw::{RawPattern, RawValue, S, Text};
use crate::lab::nearest;

impl Checker<'_> {
    /// The description `raw`, written at `span`.
    pub(super) fn pattern(&mut self, raw: &RawPattern, span: &Range<usize>) -> Pattern {
        let kinds = self.kinds(raw, span);
        let mut pattern = Pattern {
            kinds: kinds.iter().map(|kind| kind.name.to_owned()).collect(),
            ..Pattern::default()
        };
        for (key, value) in &raw.0 {
            match key.get_ref().as_str() {
                "event" => {}
                "at" => pattern.at = self.moment(value),
                "after" => pattern.after = self.moment(value),
                "before" => pattern.before = self.moment(value),
                "nth" => pattern.nth = self.nth(value),
                "in_handler" => {
                    let text = self.text(value).map(|text| Text::new(value.span(), text));
                    pattern.in_handler = text.and_then(|text| self.signal(&text));
                }
                name => {
                    if let Some(field) = self.field(key, &kinds)
                        && let Some(test) = self.test(field, value)
                    {
                        pattern.fields.push((name.to_owned(), test));
                    }
                }
            }
        }
        self.empty_period(&pattern, span);
        pattern
    }

    fn kinds(&mut self, raw: &RawPattern, span: &Range<usize>) -> Vec<&'static EventKind> {
        let Some(value) = raw.0.get("event") else {
            self.missing("event", span);
            return Vec::new();
        };
        let single = std::slice::from_ref(value);
        let names = match value.get_ref() {
            RawValue::List(list) => list.as_slice(),
            _ => single,
        };
        if names.is_empty() {
            self.problem(value.span(), "no event is meant");
        }
        names.iter().filter_map(|name| self.kind(name)).collect()
    }

    fn kind(&mut self, name: &S<RawValue>) -> Option<&'static EventKind> {
        let RawValue::Text(text) = name.get_ref() else {
            self.problem(name.span(), "an event's name is a text");
            return None;
        };
        let kind = EventKind::named(text);
        if kind.is_none() {
            let help = match nearest(text, EVENTS.iter().map(|kind| kind.name)) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => {
                    let names: Vec<_> = EVENTS.iter().map(|kind| kind.name).collect();
                    format!("there are: {}", names.join(", "))
                }
            };
            self.problem(name.span(), format!("no event `{text}`")).help = Some(help);
        }
        kind
    }

    /// The field `key`, which all of `kinds` must have.
    fn field(&mut self, key: &Text, kinds: &[&'static EventKind]) -> Option<&'static Field> {
        let mut found = None;
        for kind in kinds {
            let field = kind.field(key.get_ref());
            let Some(field) = field else {
                let names = kind.fields.iter().map(|field| field.name);
                let known: Vec<_> = [
                    "event",
                    "role",
                    "at",
                    "after",
                    "before",
                    "in_handler",
                    "nth",
                ]
                .into_iter()
                .chain(names)
                .collect();
                let help = match nearest(key.get_ref(), known.iter().copied()) {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.problem(
                    key.span(),
                    format!("`{}` events have no field `{key}`", kind.name),
                )
                .help = Some(help);
                return None;
            };
            found = Some(field);
        }
        found
    }

    fn test(&mut self, field: &Field, value: &S<RawValue>) -> Option<FieldTest> {
        if let RawValue::Table(table) = value.get_ref() {
            let mut entries = table.iter();
            if let (Some((key, inner)), None) = (entries.next(), entries.next()) {
                match key.get_ref().as_str() {
                    "not" => return self.values(field, inner).map(FieldTest::NoneOf),
                    "contains" if matches!(field.holds, Holds::Text | Holds::Syscall) => {
                        return self.text(inner).map(FieldTest::Contains);
                    }
                    "contains" if field.holds == Holds::Signals => {
                        return self.values(field, inner).map(FieldTest::AnyOf);
                    }
                    _ => {}
                }
            }
        }
        self.values(field, value).map(FieldTest::AnyOf)
    }

    fn values(&mut self, field: &Field, value: &S<RawValue>) -> Option<Vec<FieldValue>> {
        let single = std::slice::from_ref(value);
        let list = match value.get_ref() {
            RawValue::List(list) => list.as_slice(),
            _ => single,
        };
        list.iter().map(|value| self.value(field, value)).collect()
    }

    fn value(&mut self, field: &Field, value: &S<RawValue>) -> Option<FieldValue> {
        match (field.holds, value.get_ref()) {
            (Holds::Signal | Holds::Signals, RawValue::Text(text)) => {
                let text = Text::new(value.span(), text.clone());
                self.signal(&text).map(FieldValue::Signal)
            }
            (Holds::Role, RawValue::Text(text)) => {
                self.role(&Text::new(value.span(), text.clone()));
                Some(FieldValue::Role(text.clone()))
            }
            (Holds::Sender, RawValue::Text(text)) => {
                self.sender(&Text::new(value.span(), text.clone()));
                Some(FieldValue::Role(text.clone()))
            }
            (Holds::Syscall, RawValue::Text(text)) => {
                self.syscall(&Text::new(value.span(), text.clone()));
                Some(FieldValue::Text(text.clone()))
            }
            (Holds::Text, RawValue::Text(text)) => Some(FieldValue::Text(text.clone())),
            (Holds::Words(words), RawValue::Text(text)) => {
                if words.contains(&text.as_str()) {
                    return Some(FieldValue::Text(text.clone()));
                }
                self.problem(value.span(), format!("`{}` is never `{text}`", field.name))
                    .help = Some(format!("it is one of {}", words.join(", ")));
                None
            }
            (Holds::Integer, RawValue::Integer(number)) => Some(FieldValue::Integer(*number)),
            (Holds::Bool, RawValue::Bool(flag)) => Some(FieldValue::Bool(*flag)),
            (Holds::Time, RawValue::Text(_)) => self.moment(value).map(FieldValue::Time),
            (Holds::Status, RawValue::Table(table)) => self.status(table, value),
            (Holds::Table, RawValue::Table(table)) => Some(FieldValue::Table(object(table))),
            (holds, _) => {
                self.problem(
                    value.span(),
                    format!("`{}` must be {}", field.name, describe(holds)),
                );
                None
            }
        }
    }

    fn status(
        &mut self,
        table: &BTreeMap<Text, S<RawValue>>,
        value: &S<RawValue>,
    ) -> Option<FieldValue> {
        let mut entries = table.iter();
        if let (Some((key, inner)), None) = (entries.next(), entries.next()) {
            match (key.get_ref().as_str(), inner.get_ref()) {
                ("exited", RawValue::Integer(code)) => {
                    let code = self.exit_status(&S::new(inner.span(), *code))?;
                    return Some(FieldValue::Status(ProcessStatus::Exited(code)));
                }
                ("killed", RawValue::Text(signal)) => {
                    let signal = self.signal(&Text::new(inner.span(), signal.clone()))?;
                    return Some(FieldValue::Status(ProcessStatus::Killed(signal)));
                }
                _ => {}
            }
        }
        self.problem(
            value.span(),
            format!("`status` must be {}", describe(Holds::Status)),
        );
        None
    }

    /// An exit status, 0 to 255.
    pub(super) fn exit_status(&mut self, code: &S<i64>) -> Option<i32> {
        let status = u8::try_from(*code.get_ref()).ok().map(i32::from);
        if status.is_none() {
            self.problem(code.span(), format!("`{code}` is not an exit status"))
                .help = Some("exit statuses are from 0 to 255".into());
        }
        status
    }

    fn text(&mut self, value: &S<RawValue>) -> Option<String> {
        match value.get_ref() {
            RawValue::Text(text) => Some(text.clone()),
            _ => {
                self.problem(value.span(), "this must be a text");
                None
            }
        }
    }

    fn moment(&mut self, value: &S<RawValue>) -> Option<Time> {
        let text = self.text(value)?;
        self.instant(&Text::new(value.span(), text))
    }

    fn nth(&mut self, value: &S<RawValue>) -> Option<usize> {
        let nth = match value.get_ref() {
            RawValue::Integer(number) => usize::try_from(*number).ok().filter(|nth| *nth > 0),
            _ => None,
        };
        if nth.is_none() {
            self.problem(value.span(), "`nth` counts from 1");
        }
        nth
    }

    fn empty_period(&mut self, pattern: &Pattern, span: &Range<usize>) {
        let early = |limit: Option<Time>, other: Option<Time>| {
            limit.is_some_and(|limit| other.is_some_and(|other| limit <= other))
        };
        if early(pattern.before, pattern.after)
            || early(pattern.before, pattern.at)
            || early(pattern.at, pattern.after)
        {
            self.problem(
                span.clone(),
                "no moment is after `after` and before `before`",
            );
        }
    }
}

fn describe(holds: Holds) -> String {
    match holds {
        Holds::Signal => "a signal's name".into(),
        Holds::Signals => "a signal's name, one that is in the set".into(),
        Holds::Role | Holds::Sender => "a role's name".into(),
        Holds::Text => "a text".into(),
        Holds::Syscall => "the name of a system call".into(),
        Holds::Integer => "an integer".into(),
        Holds::Bool => "true or false".into(),
        Holds::Time => "a time such as \"0.5s\"".into(),
        Holds::Status => "{ exited = 0 } or { killed = \"SIGKILL\" }".into(),
        Holds::Table => "a table such as { is = \"handler\", restart = true }".into(),
        Holds::Words(words) => format!("one of {}", words.join(", ")),
    }
}

fn object(table: &BTreeMap<Text, S<RawValue>>) -> Map<String, Value> {
    table
        .iter()
        .map(|(key, value)| (key.get_ref().clone(), json(value.get_ref())))
        .collect()
}

fn json(value: &RawValue) -> Value {
    match value {
        RawValue::Bool(flag) => Value::from(*flag),
        RawValue::Integer(number) => Value::from(*number),
        RawValue::Text(text) => Value::from(text.clone()),
        RawValue::List(list) => list.iter().map(|value| json(value.get_ref())).collect(),
        RawValue::Table(table) => Value::Object(object(table)),
    }
}
