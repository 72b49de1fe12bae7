//! What the questions of a manifest mean.

use super::check::Checker;
use super::raw::{RawQuestion, S};
use super::{Asks, Question};

/// What to look at, unless a question says otherwise.
const HINT: &str =
    "look at what the timeline shows, and find the call or the signal that you didn't expect";

impl Checker<'_> {
    /// One question.
    pub(super) fn question(&mut self, raw: &S<RawQuestion>) -> Question {
        let (span, raw) = (raw.span(), raw.get_ref());
        let id = self.required(raw.id.as_ref(), "id", &span);
        let is_key = |text: &str| {
            let mut letters = text.chars();
            letters.all(|it| it.is_ascii_alphanumeric() || it == '_' || it == '-')
        };
        if let Some(text) = raw.id.as_ref().filter(|text| !is_key(text.get_ref())) {
            self.problem(text.span(), format!("`{text}` can't be a key"))
                .help = Some("use letters, digits, `_` and `-`".into());
        }
        let text = self.required(raw.text.as_ref(), "text", &span);
        let hint = raw.hint.as_ref().map(|hint| hint.get_ref().clone());
        let mut asks = Vec::new();
        if let Some(count) = &raw.count {
            asks.push(Asks::Count(self.pattern(count.get_ref(), &count.span())));
        }
        for (role, ask) in [
            (&raw.ends, Asks::Ends as fn(String) -> Asks),
            (&raw.ends_at, Asks::EndsAt),
        ] {
            if let Some(role) = role {
                self.role(role);
                asks.push(ask(role.get_ref().clone()));
            }
        }
        if asks.len() != 1 {
            let message = "a question has exactly one of `count`, `ends` and `ends_at`";
            self.problem(span, message);
        }
        Question {
            id,
            text,
            hint: hint.unwrap_or_else(|| HINT.to_owned()),
            asks: asks.pop().unwrap_or(Asks::Ends(String::new())),
        }
    }
}
