//! Texts broken into lines, by the columns that a terminal gives each character.

use unicode_linebreak::linebreaks;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Breaks one line of text without styles into lines of at most `columns`, where Unicode permits
/// it (UAX 14): at spaces, and between Chinese and Japanese characters. What is longer than a line
/// is broken anywhere. Never without a line.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, _) in linebreaks(text) {
        let part = &text[start..end];
        start = end;
        // Spaces at the end of a line take no room.
        if !line.is_empty() && line.width() + part.trim_end().width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        for c in part.chars() {
            let is_full = line.width() + c.width().unwrap_or(0) > columns;
            if is_full && c != ' ' && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
        assert_eq!(
            wrap("antidisestablishment is", 12),
            ["antidisestab", "lishment is"]
        );
    }

    /// Two columns each, no spaces, and no line begins with a full stop.
    #[test]
    fn wide_characters_take_two_columns() {
        for text in [
            "親プロセスは最初のシグナルを子プロセスに渡さなかった。次を見よ。",
            "父进程没有把第一个信号转发给子进程。请看下面的时间线。",
            "부모 프로세스가 첫 번째 신호를 자식에게 전달하지 않았습니다.",
        ] {
            for columns in 4..60 {
                let lines = wrap(text, columns);
                let widest = lines.iter().map(|line| line.width()).max();
                assert!(widest <= Some(columns), "{columns}: {lines:?}");
                let whole: String = lines.concat().replace(' ', "");
                assert_eq!(whole, text.replace(' ', ""), "nothing is lost");
                let begins = |line: &String| line.starts_with('。') || line.starts_with('.');
                assert!(columns < 24 || !lines.iter().any(begins), "{lines:?}");
            }
        }
    }
}
