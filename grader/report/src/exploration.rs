//! What exploring found, for a person at a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use siglab_explore::{Exploration, Finding, FindingKind, Hazards, Outcomes};
use siglab_model::{Frame, Signal};

use crate::escape;
use crate::style::{self, paint};
use siglab_timeline::{count, wrap};

/// Texts are wrapped at this column, in narrower terminals at theirs.
const WIDTH: usize = 92;
/// The fewest columns that a text is wrapped at.
const LEAST_WIDTH: usize = 24;
/// Frames of a stack that are shown.
const MOST_FRAMES: usize = 8;
/// Columns of a function's name.
const WIDEST_NAME: usize = 64;
/// Lines of an outcome's output that are shown.
const MOST_LINES: usize = 12;

/// An exploration in words: how many moments, what was found, and the hazard map.
/// `columns` are those of the terminal, if it is for one; `source` finds the text of a source
/// file by its name.
#[must_use]
pub fn exploration(
    exploration: &Exploration,
    unicode: bool,
    columns: Option<usize>,
    source: &dyn Fn(&str) -> Option<String>,
) -> String {
    let width = columns.unwrap_or(WIDTH).clamp(LEAST_WIDTH, WIDTH);
    let mut out = String::new();
    heading(&mut out, exploration);
    for (index, finding) in exploration.findings.iter().enumerate() {
        write_finding(&mut out, index + 1, finding, unicode, width);
    }
    if !exploration.map.is_empty() && exploration.moments.tried > exploration.moments.safe {
        hazard_map(&mut out, &exploration.map, source);
    }
    for text in &exploration.left_out {
        let _ = writeln!(
            out,
            "{} {}",
            paint(style::QUIET, "not tried:"),
            escape::lines(text)
        );
    }
    out
}

fn signals(of: &[Signal]) -> String {
    of.iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn heading(out: &mut String, exploration: &Exploration) {
    let program = escape::lines(&exploration.program);
    let moments = &exploration.moments;
    let no_handler = "it installs no handler for a signal that is to be tried";
    if exploration.out_of_time {
        let _ = writeln!(
            out,
            "{program}: nothing was tried: there was no time to find its moments"
        );
    } else if exploration.signals.is_empty() && exploration.schedules > 0 {
        let _ = writeln!(out, "{program}: no moments to try: {no_handler}");
    } else if exploration.signals.is_empty() {
        let _ = writeln!(out, "{program}: nothing to explore: {no_handler}");
    } else {
        let _ = writeln!(
            out,
            "{program}, {}: {} of {} tried",
            signals(&exploration.signals),
            moments.tried,
            count(moments.total, "moment", "moments"),
        );
        let broken = moments.tried - moments.safe;
        let (style, text) = if moments.tried == 0 {
            let text = "nothing is known of what a signal does at them";
            (style::BAD, text.to_owned())
        } else if broken == 0 {
            besides(exploration)
        } else {
            (
                style::BAD,
                format!("at {broken} of them the program breaks"),
            )
        };
        let _ = writeln!(out, "{}", paint(style, &text));
    }
    if exploration.schedules > 0 {
        let _ = writeln!(
            out,
            "{} of scheduling tried",
            count(
                usize::try_from(exploration.schedules).unwrap_or(usize::MAX),
                "other order",
                "other orders"
            ),
        );
    }
    if !exploration.findings.is_empty() {
        let _ = writeln!(out);
    }
}

/// What is said if nothing goes wrong at any moment: something may be wrong all the same.
fn besides(exploration: &Exploration) -> (anstyle::Style, String) {
    let nothing = "nothing goes wrong at any of them";
    let is_any = |test: fn(&Finding) -> bool| exploration.findings.iter().any(test);
    if is_any(|finding| finding.signal.is_none()) {
        (
            style::BAD,
            format!("{nothing}, but without a signal something does"),
        )
    } else if is_any(|_| true) {
        (
            style::BAD,
            format!("{nothing}, but the handler does what it must not"),
        )
    } else {
        (style::GOOD, nothing.to_owned())
    }
}

fn write_finding(out: &mut String, number: usize, finding: &Finding, unicode: bool, width: usize) {
    let kind = paint(style::BAD, finding.kind.id());
    let title = paint(style::HEADING, &escape::lines(&finding.title));
    let _ = writeln!(out, "{number}. {kind}: {title}");
    let at = match finding.kind {
        FindingKind::UnsafeCall | FindingKind::ErrnoClobbered => {
            format!(
                "seen in {}",
                count(finding.moments, "followed run", "followed runs")
            )
        }
        _ if finding.signal.is_none() => {
            format!(
                "without a signal from outside, in {}",
                count(finding.moments, "order", "orders") + " of scheduling"
            )
        }
        _ => format!("at {}", count(finding.moments, "moment", "moments")),
    };
    let _ = writeln!(out, "   {}", paint(style::QUIET, &at));
    paragraph(out, &finding.explanation, width);
    stack(out, "the handler", &finding.handler, unicode);
    let what = if finding.signal.is_some() || !finding.handler.is_empty() {
        "what it interrupted"
    } else {
        "where it is"
    };
    stack(out, what, &finding.interrupted, unicode);
    paragraph(out, &format!("Instead: {}", finding.advice), width);
    let _ = writeln!(out);
}

fn paragraph(out: &mut String, text: &str, width: usize) {
    let text = escape::lines(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    for line in wrap(&words.join(" "), width - 3) {
        let _ = writeln!(out, "   {line}");
    }
}

fn stack(out: &mut String, what: &str, frames: &[Frame], unicode: bool) {
    if frames.is_empty() {
        return;
    }
    let _ = writeln!(out, "     {}", paint(style::QUIET, &format!("{what}:")));
    let dots = if unicode { "\u{2026}" } else { "..." };
    let mut next = 0;
    for index in shown(frames) {
        if index > next {
            let _ = writeln!(out, "       {dots}");
        }
        next = index + 1;
        let frame = &frames[index];
        let function = frame.function.as_deref().unwrap_or("?");
        let place = match (&frame.file, frame.line, &frame.module) {
            (Some(file), Some(line), _) => format!("{file}:{line}"),
            (_, _, Some(module)) => module.clone(),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "       {:<40} {}",
            escape::lines(&shorten(function, dots)),
            paint(style::QUIET, &escape::lines(&place))
        );
    }
    if frames.len() > next {
        let _ = writeln!(out, "       {dots}");
    }
}

/// Which frames of a stack are shown: all, or the innermost ones and, of the others, first
/// those of the program's own code, with what they call.
fn shown(frames: &[Frame]) -> BTreeSet<usize> {
    /// Of the innermost frames, so many are shown in any case.
    const INNERMOST: usize = 3;
    if frames.len() <= MOST_FRAMES {
        return (0..frames.len()).collect();
    }
    let own: Vec<usize> = (0..frames.len())
        .filter(|index| frames[*index].line.is_some() && !frames[*index].library)
        .collect();
    // What comes before the program's own code starts it.
    let length = own.last().map_or(frames.len(), |last| last + 1);
    let called = own.iter().filter_map(|index| index.checked_sub(1));
    let mut shown = BTreeSet::new();
    let wanted = (0..INNERMOST.min(length))
        .chain(own.iter().copied())
        .chain(called)
        .chain(INNERMOST..length);
    for index in wanted {
        if shown.len() == MOST_FRAMES {
            break;
        }
        shown.insert(index);
    }
    shown
}

/// A function's name, without the arguments of generics, and without its start, if it is too
/// long.
fn shorten(function: &str, dots: &str) -> String {
    if function.chars().count() <= WIDEST_NAME {
        return function.to_owned();
    }
    let mut depth = 0_usize;
    let mut short = String::new();
    let mut before = None;
    for char in function.chars() {
        match char {
            // Of `<Type as Trait>::method`, the first one is no generic's.
            '<' if before
                .is_some_and(|it: char| it.is_alphanumeric() || it == '_' || it == ':')
                || depth > 0 =>
            {
                if depth == 0 {
                    short.push('<');
                    short.push_str(dots);
                }
                depth += 1;
            }
            '>' if depth > 0 && before != Some('-') => {
                depth -= 1;
                if depth == 0 {
                    short.push('>');
                }
            }
            _ if depth == 0 => short.push(char),
            _ => {}
        }
        before = Some(char);
    }
    let length = short.chars().count();
    if length <= WIDEST_NAME {
        return short;
    }
    let end: String = short.chars().skip(length - WIDEST_NAME + 1).collect();
    format!("{dots}{end}")
}

/// The program's lines with, beside each, how many of its moments are safe, hang, crash
/// or corrupt.
fn hazard_map(out: &mut String, map: &[Hazards], source: &dyn Fn(&str) -> Option<String>) {
    let _ = writeln!(
        out,
        "{}",
        paint(style::HEADING, "   safe   hang  crash corrupt  line")
    );
    let mut file = "";
    let mut text = None;
    for hazards in map {
        if hazards.file != file {
            file = &hazards.file;
            text = source(file);
            let _ = writeln!(
                out,
                "{:32}{}",
                "",
                paint(style::QUIET, &escape::lines(file))
            );
        }
        let line = text
            .as_deref()
            .and_then(|text| text.lines().nth(hazards.line as usize - 1))
            .unwrap_or_default();
        let number = |count: usize, width: usize, style| {
            let text = if count == 0 {
                format!("{:>width$}", ".")
            } else {
                format!("{count:>width$}")
            };
            let style = if count == 0 { style::QUIET } else { style };
            paint(style, &text)
        };
        let _ = writeln!(
            out,
            "{}{}{}{}  {:>4}  {}",
            number(hazards.safe, 7, style::GOOD),
            number(hazards.hang, 7, style::BAD),
            number(hazards.crash, 7, style::BAD),
            number(hazards.corrupt, 8, style::BAD),
            hazards.line,
            escape::lines(line.trim_end()),
        );
    }
    let _ = writeln!(out);
}

/// The outcomes of a program in words.
#[must_use]
pub fn outcomes(outcomes: &Outcomes) -> String {
    let mut out = String::new();
    let runs = usize::try_from(outcomes.runs).unwrap_or(usize::MAX);
    let tried = if outcomes.complete {
        format!(
            "every order with up to {} was tried",
            count(outcomes.preemptions, "pre-emption", "pre-emptions")
        )
    } else {
        "there are more orders than were tried".to_owned()
    };
    let _ = writeln!(
        out,
        "{}: {} in {}; {tried}\n",
        escape::lines(&outcomes.program),
        count(
            outcomes.outcomes.len(),
            "distinct outcome",
            "distinct outcomes"
        ),
        count(runs, "run", "runs"),
    );
    for (index, outcome) in outcomes.outcomes.iter().enumerate() {
        let times = count(
            usize::try_from(outcome.runs).unwrap_or(usize::MAX),
            "run",
            "runs",
        );
        let ends = outcome
            .ends
            .iter()
            .map(|(role, end)| format!("{role}: {end}"))
            .collect::<Vec<_>>()
            .join("; ");
        let _ = writeln!(
            out,
            "{}. {} {}",
            index + 1,
            paint(style::HEADING, &escape::lines(&ends)),
            paint(style::QUIET, &format!("({times})"))
        );
        let lines: Vec<&str> = outcome.output.lines().collect();
        for line in lines.iter().take(MOST_LINES) {
            let _ = writeln!(out, "     {}", escape::lines(line));
        }
        if lines.len() > MOST_LINES {
            let _ = writeln!(
                out,
                "     and {}",
                count(lines.len() - MOST_LINES, "more line", "more lines")
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_generic_arguments() {
        let short = |name: &str| shorten(name, "..");
        assert_eq!(short("on_sigint"), "on_sigint");
        assert_eq!(
            short(
                "<std::sync::once_lock::OnceLock<std::sync::reentrant_lock::ReentrantLock<u8>>>\
                 ::get_or_init::<fn() -> u8>"
            ),
            "<std::sync::once_lock::OnceLock<..>>::get_or_init::<..>"
        );
        let long = short(&"a::".repeat(40));
        assert_eq!(long.chars().count(), WIDEST_NAME + 1);
        assert!(long.starts_with(".."), "{long}");
    }

    #[test]
    fn of_a_long_stack_the_programs_own_frames_are_shown() {
        let frame = |line| Frame {
            line,
            ..Frame::default()
        };
        let mut frames = vec![frame(None); 20];
        frames[15] = frame(Some(3));
        assert_eq!(
            shown(&frames).into_iter().collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5, 14, 15]
        );
        assert_eq!(shown(&frames[..8]).len(), 8);
    }
}
