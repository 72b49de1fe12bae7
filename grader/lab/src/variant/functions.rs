//! Where functions are in a program.
//!
//! Programs of labs are laid out as clang-format and rustfmt do it: what is at file level begins in
//! the first column, and so does the brace that closes a function. So lines are enough to tell
//! functions by, in both languages.

use std::ops::Range;

use crate::result::Language;

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Its lines, with the comment and the attributes above it.
    pub(super) lines: Range<usize>,
    /// The line in which its head ends, with the opening brace.
    pub(super) brace: usize,
    /// Whether it returns nothing.
    pub(super) is_void: bool,
}

/// The functions at file level, in their order.
pub(super) fn functions(lines: &[&str], language: Language) -> Vec<Function> {
    let mut found: Vec<Function> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let function = name(lines[at], language).and_then(|name| {
            let (brace, end) = body(&lines[at..])?;
            let above = found.last().map_or(0, |it| it.lines.end);
            let first = first(&lines[above..at], language) + above;
            let head = lines[first..=at].join(" ");
            let is_void = match language {
                Language::C => {
                    let words = head.split(|c: char| !c.is_alphanumeric() && c != '_');
                    let before = words.take_while(|it| *it != name);
                    head.contains("void") && before.last() == Some("void") && !head.contains('*')
                }
                Language::Rust | Language::Predictions => {
                    !lines[at..=at + brace].concat().contains("->")
                }
            };
            Some(Function {
                name: name.to_owned(),
                lines: first..at + end + 1,
                brace: at + brace,
                is_void,
            })
        });
        at = function.as_ref().map_or(at + 1, |it| it.lines.end);
        found.extend(function);
    }
    found
}

/// The name of the function that a line at file level begins, or declares.
fn name(line: &str, language: Language) -> Option<&str> {
    if !line.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match language {
        Language::C => {
            let (head, _) = line.split_once('(')?;
            let head = head.trim_end();
            if head.contains('=') {
                return None;
            }
            let start = head.rfind(|c| !is_word(c)).map_or(0, |it| it + 1);
            Some(&head[start..]).filter(|it| !it.is_empty())
        }
        Language::Predictions => None,
        Language::Rust => {
            let start = line.match_indices("fn ").map(|(at, _)| at);
            let is_start = |&at: &usize| at == 0 || !line[..at].ends_with(is_word);
            let rest = &line[start.into_iter().find(is_start)? + 3..];
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            Some(&rest[..end]).filter(|it| !it.is_empty())
        }
    }
}

/// The lines of the opening and of the closing brace, from where a function's name is; none if it
/// is only declared.
fn body(lines: &[&str]) -> Option<(usize, usize)> {
    let ends = |line: &&str| line.contains('{') || line.trim_end().ends_with(';');
    let brace = lines.iter().position(ends)?;
    if !lines[brace].contains('{') {
        return None;
    }
    if lines[brace].trim_end().ends_with('}') {
        return Some((brace, brace));
    }
    let end = lines[brace + 1..]
        .iter()
        .position(|it| it.starts_with('}'))?;
    Some((brace, brace + 1 + end))
}

/// The first of the lines right above a function that belong to it.
fn first(above: &[&str], language: Language) -> usize {
    let is_other = |line: &&str| {
        let line = line.trim_end();
        line.is_empty()
            || line.starts_with('}')
            || line.ends_with(';')
            || (language == Language::C && line.starts_with('#'))
    };
    above.iter().rposition(is_other).map_or(0, |it| it + 1)
}

#[cfg(test)]
mod tests {
    use super::functions;
    use crate::result::Language;

    fn found(text: &str, language: Language) -> Vec<(String, usize, usize, bool)> {
        let lines: Vec<&str> = text.lines().collect();
        functions(&lines, language)
            .into_iter()
            .map(|it| (it.name, it.lines.start, it.lines.end, it.is_void))
            .collect()
    }

    #[test]
    fn functions_are_found_with_what_is_above_them() {
        let c = "#include <a.h>\n/* a */\nstatic int a(void)\n{\n    b();\n}\n\nstatic void b(int);\n\
                 static int x = SIZE(3);\n\nvoid\nb(int c)\n{\n}\nint c(int a,\n      int b) {\n}\nvoid d(void) {}\n\
                 void *e(void) {}\n";
        let expected = [
            ("a", 1, 6, false),
            ("b", 10, 14, true),
            ("c", 14, 17, false),
            ("d", 17, 18, true),
            ("e", 18, 19, false),
        ];
        let expected = expected.map(|(name, from, to, void)| (name.to_owned(), from, to, void));
        assert_eq!(found(c, Language::C), expected);
        let rust = "use a::b;\n\n/// A.\n#[inline]\npub fn a() -> i32 {\n    b()\n}\n\nextern \"C\" fn b(c: fn (i32)) {\n}\n\
                    mod c {\n    fn d() {}\n}\n";
        let expected = [("a", 2, 7, false), ("b", 8, 10, true)];
        let expected = expected.map(|(name, from, to, void)| (name.to_owned(), from, to, void));
        assert_eq!(found(rust, Language::Rust), expected);
    }
}
