//! Sentences with values out of a trace in them.

use std::fmt;

/// A text in which names in braces stand for values: `{t}`, `{role}`. Braces themselves
/// are doubled.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Name(String),
}

impl Template {
    /// A template without names.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self {
            parts: vec![TemplatePart::Text(text.to_owned())],
        }
    }

    /// Reads a template; on error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
            } else if brace == "}" {
                return Err("a `}` without its `{`; write `}}` for a brace itself".into());
            } else {
                let Some((name, after)) = rest.split_once('}') else {
                    return Err("a `{` without its `}`; write `{{` for a brace itself".into());
                };
                parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
                parts.push(TemplatePart::Name(name.to_owned()));
                rest = after;
            }
        }
        plain.push_str(rest);
        parts.push(TemplatePart::Text(plain));
        parts.retain(|part| !matches!(part, TemplatePart::Text(text) if text.is_empty()));
        Ok(Self { parts })
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Name(name) => Some(name.as_str()),
            TemplatePart::Text(_) => None,
        })
    }

    /// Puts values in for names for good, where there are some.
    pub(crate) fn resolve(&mut self, mut value: impl FnMut(&str) -> Option<String>) {
        for part in &mut self.parts {
            if let TemplatePart::Name(name) = part
                && let Some(value) = value(name)
            {
                *part = TemplatePart::Text(value);
            }
        }
    }

    /// The text with each name replaced by its value; `?` for one without a value.
    #[must_use]
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Name(name) => value(name).unwrap_or_else(|| "?".into()),
            })
            .collect()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                TemplatePart::Text(text) => {
                    f.write_str(&text.replace('{', "{{").replace('}', "}}"))?;
                }
                TemplatePart::Name(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn names_stand_for_values() {
        let template = Template::parse("{role} {{{t}}}: {x}").expect("it is well-formed");
        assert_eq!(template.names().collect::<Vec<_>>(), ["role", "t", "x"]);
        let value = |name: &str| (name != "x").then(|| name.to_uppercase());
        assert_eq!(template.fill(value), "ROLE {T}: ?");
        assert_eq!(template.to_string(), "{role} {{{t}}}: {x}");
    }

    #[test]
    fn braces_come_in_pairs() {
        for text in ["{t", "t}", "a { b", "{{}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
