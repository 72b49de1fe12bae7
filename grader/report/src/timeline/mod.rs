//! A trace as a picture that a person reads.

mod after;
mod fate;
mod fold;
mod lanes;
mod story;
pub(crate) mod words;

use std::fmt;

use siglab_model::{Clock, Event, Kind, LimitKind, Policy, Time, Trace};

use self::after::After;
use self::lanes::Lanes;
use self::story::{Act, Row, Tone};
use crate::escape;
use crate::style::{self, paint};

/// How to show a trace.
#[derive(Clone, Debug)]
pub struct TimelineOptions {
    /// One row for each event, and nothing left out.
    pub verbose: bool,
    /// Whether lanes and text may use more than ASCII.
    pub unicode: bool,
    /// The most characters of one line of the program's output.
    pub width: usize,
    /// The most rows; the middle is left out if there are more. Doesn't count if
    /// `verbose`.
    pub rows: usize,
}

impl Default for TimelineOptions {
    /// Told briefly, in Unicode, 72 characters of each output line, 400 rows.
    fn default() -> Self {
        Self {
            verbose: false,
            unicode: true,
            width: 72,
            rows: 400,
        }
    }
}

/// A trace as a picture: one row for each thing worth telling, one lane for each process
/// or thread, times in milliseconds.
///
/// Its [`Display`](fmt::Display) writes ANSI styles; strip them for what isn't a
/// terminal. Whatever the program wrote is escaped: nothing of it reaches the terminal
/// as it is.
#[derive(Debug)]
pub struct Timeline<'a> {
    trace: &'a Trace,
    options: TimelineOptions,
    /// Only the rows that matter most, at most this many, around a moment.
    excerpt: Option<(usize, Option<Time>)>,
}

impl<'a> Timeline<'a> {
    /// The whole trace.
    #[must_use]
    pub fn new(trace: &'a Trace, options: TimelineOptions) -> Self {
        Self {
            trace,
            options,
            excerpt: None,
        }
    }

    /// The `rows` rows that matter most: signals, and who starts and ends. If these are
    /// more than `rows`, those that are nearest to `around`, or the last.
    #[must_use]
    pub fn excerpt(mut self, rows: usize, around: Option<Time>) -> Self {
        self.excerpt = Some((rows, around));
        self
    }
}

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = story::tell(self.trace, &self.options);
        let shown = self.choose(&rows);
        let mut page = Page::new(self.trace, &rows, &self.options);
        if self.excerpt.is_none() {
            page.header(f)?;
        }
        let mut left_out = 0;
        for (row, shown) in rows.iter().zip(shown) {
            if shown {
                if left_out > 0 && self.excerpt.is_none() {
                    let rows = words::count(left_out, "row", "rows");
                    page.remark(f, &format!("... {rows} left out; --verbose shows all"))?;
                }
                left_out = 0;
                page.row(f, row)?;
            } else {
                left_out += 1;
                page.skip(row);
            }
        }
        if self.excerpt.is_none() {
            page.footer(f)?;
        }
        Ok(())
    }
}

impl Timeline<'_> {
    /// Which rows to show.
    fn choose(&self, rows: &[Row]) -> Vec<bool> {
        match self.excerpt {
            Some((most, around)) => choose_excerpt(rows, most, around),
            None if self.options.verbose || rows.len() <= self.options.rows => {
                vec![true; rows.len()]
            }
            None => {
                let head = self.options.rows / 2;
                let tail = rows.len() - (self.options.rows - head);
                (0..rows.len())
                    .map(|index| index < head || index >= tail)
                    .collect()
            }
        }
    }
}

fn choose_excerpt(rows: &[Row], most: usize, around: Option<Time>) -> Vec<bool> {
    let least = (0..=2)
        .find(|least| rows.iter().filter(|row| row.weight >= *least).count() <= most)
        .unwrap_or(2);
    let mut chosen: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index].weight >= least)
        .collect();
    if chosen.len() > most {
        // The rows before a moment explain it better than those after it.
        let distance = |index: &usize| {
            let t = rows[*index].t;
            match around {
                Some(around) if t <= around => around.since(t),
                Some(around) => t.since(around) * 2,
                None => Time::MAX.since(t),
            }
        };
        chosen.sort_by_key(|index| (distance(index), usize::MAX - index));
        chosen.truncate(most);
    }
    (0..rows.len())
        .map(|index| chosen.contains(&index))
        .collect()
}

/// What happened in one event: a line for a terminal, and perhaps more lines with details.
#[must_use]
pub fn sentence(event: &Event) -> String {
    escape::lines(&story::sentence(event))
}

/// Writes rows.
struct Page<'a> {
    trace: &'a Trace,
    unicode: bool,
    lanes: Lanes,
    precise: bool,
    time_width: usize,
    label_width: usize,
    last: Option<Time>,
}

/// Labels wider than this push their row's text to the right.
const LABEL_MOST: usize = 26;
/// Time passed is shown from a millisecond on.
const GAP_NANOS: u64 = 1_000_000;

impl<'a> Page<'a> {
    fn new(trace: &'a Trace, rows: &[Row], options: &TimelineOptions) -> Self {
        let precise = trace.header.clock == Clock::Virtual
            && rows.iter().any(|row| {
                !words::without_readings(row.t)
                    .as_nanos()
                    .is_multiple_of(1_000)
            });
        let mut page = Self {
            trace,
            unicode: options.unicode,
            lanes: Lanes::new(rows, options.unicode),
            precise,
            time_width: 0,
            label_width: 0,
            last: None,
        };
        let latest = rows.iter().map(|row| row.t).max().unwrap_or_default();
        page.time_width = page.time(latest).len() + 1;
        let label = |row| escape::line(&page.label(row), page.unicode).chars().count();
        page.label_width = rows.iter().map(label).max().unwrap_or(0).min(LABEL_MOST);
        page
    }

    fn time(&self, time: Time) -> String {
        if self.precise {
            let nanos = time.as_nanos();
            format!("{}.{:06} ms", nanos / 1_000_000, nanos % 1_000_000)
        } else {
            words::ms_short(time)
        }
    }

    fn label(&self, row: &Row) -> String {
        let arrow = if self.unicode { "→" } else { "->" };
        match (&row.from, &row.role) {
            (Some(from), Some(role)) if from != role => format!("{from} {arrow} {role}"),
            (_, Some(role)) => role.to_string(),
            (_, None) => String::new(),
        }
    }

    fn header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = &self.trace.header;
        let clock = match header.clock {
            Clock::Virtual => "virtual time",
            Clock::Real => "real time",
        };
        let policy = match &header.policy {
            Policy::InOrder => String::new(),
            Policy::Random { seed } => format!(", random order (seed {seed})"),
            Policy::Replay { .. } => ", replayed order".into(),
        };
        let command: Vec<String> = std::iter::once(&header.program)
            .chain(&header.args)
            .map(|word| words::shell_word(word))
            .collect();
        let command = escape::line(&command.join(" "), self.unicode);
        let addresses = if header.addresses_vary {
            ", addresses vary"
        } else {
            ""
        };
        writeln!(
            f,
            "{} in {clock}{policy}{addresses}",
            paint(style::HEADING, &command)
        )?;
        for step in &header.script {
            writeln!(f, "  script: {}", escape::line(step, self.unicode))?;
        }
        if !header.script.is_empty() {
            writeln!(f)?;
        }
        Ok(())
    }

    fn skip(&mut self, row: &Row) {
        self.lanes.follow(row);
    }

    fn remark(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        let width = self.time_width;
        writeln!(f, "{:width$}  {}", "", paint(style::QUIET, text))
    }

    fn row(&mut self, f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
        let at = words::without_readings(row.t);
        self.gap(f, at)?;
        let time = if self.last == Some(at) {
            String::new()
        } else {
            self.time(at)
        };
        self.last = Some(at);
        // Before drawing: the row's own role may leave its lane.
        let mut colour = row
            .role
            .as_ref()
            .map(|role| self.lanes.colour(role))
            .unwrap_or_default();
        let lanes = self.lanes.draw(row);
        if colour == anstyle::Style::new()
            && let Some(role) = &row.role
        {
            colour = self.lanes.colour(role);
        }
        let label = escape::line(&self.label(row), self.unicode);
        let padding = " ".repeat(self.label_width.saturating_sub(label.chars().count()));
        let width = self.time_width;
        write!(
            f,
            "{}  {lanes}  ",
            paint(style::QUIET, &format!("{time:>width$}"))
        )?;
        let indent = "  ".repeat(row.depth.min(6));
        let text = escape::line(&row.text, self.unicode);
        let text = paint(tone(row), &text);
        let line = format!("{}{padding}  {indent}{text}", paint(colour, &label));
        writeln!(f, "{}", line.trim_end())?;
        let left = self.time_width + 2 + self.lanes.width() + 2 + self.label_width + 4;
        for detail in &row.details {
            let detail = escape::line(detail, self.unicode);
            writeln!(f, "{:left$}{indent}{detail}", "")?;
        }
        Ok(())
    }

    /// A row that shows how much time passed, if it did.
    fn gap(&self, f: &mut fmt::Formatter<'_>, t: Time) -> fmt::Result {
        let Some(last) = self.last else { return Ok(()) };
        let nanos = t.as_nanos().saturating_sub(last.as_nanos());
        if nanos < GAP_NANOS {
            return Ok(());
        }
        let width = self.time_width;
        let passed = format!("+{}", self.time(Time::from_nanos(nanos)));
        let passed = paint(style::QUIET, &format!("{passed:>width$}"));
        writeln!(f, "{passed}  {}", self.lanes.gap())
    }

    fn footer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |time| match self.trace.header.clock {
            Clock::Virtual => words::ms(time),
            Clock::Real => words::ms_short(time),
        };
        let clock = match self.trace.header.clock {
            Clock::Virtual => "virtual time",
            Clock::Real => "real time",
        };
        let last = self.trace.events.last();
        let end = moment(last.map(|event| event.t).unwrap_or_default());
        let (how, style) = outcome(self.trace);
        let tally = self.tally();
        writeln!(f)?;
        let status = self.trace.outcome.status;
        let (Some(after), Some(status)) = (After::of(self.trace), status) else {
            let how = paint(style, &how);
            return writeln!(f, "{how}, after {end} of {clock}{tally}");
        };
        let ended = moment(after.ended);
        let first = format!("{} {}", after.first, words::status(status));
        let first = paint(style::HEADING, &first);
        writeln!(f, "{first}, after {ended} of {clock}{tally}")?;
        write!(f, "the run went on until {end}")?;
        let names = words::names(after.because_of());
        if !names.is_empty() {
            write!(f, " because of {}", escape::line(&names, self.unicode))?;
        }
        match self.trace.outcome.limit {
            Some(LimitKind::Linger) => writeln!(f, "; siglab ended what was left"),
            limit if limit.is_some() || self.trace.outcome.deadlock => {
                writeln!(f, "; {}", paint(style, &how))
            }
            _ => writeln!(f),
        }
    }

    /// How many signals there were, and how many were lost.
    fn tally(&self) -> String {
        let count = |of: fn(&Kind) -> bool| {
            self.trace
                .events
                .iter()
                .filter(|event| of(&event.kind))
                .count()
        };
        let generated = count(|kind| matches!(kind, Kind::Generated { .. }));
        let merged = count(|kind| matches!(kind, Kind::Merged { .. }));
        let mut text = match generated + merged {
            0 => "; no signals".to_owned(),
            all => format!("; {}", words::count(all, "signal", "signals")),
        };
        if merged > 0 {
            text += &format!(", {merged} of them lost");
        }
        text
    }
}

fn tone(row: &Row) -> anstyle::Style {
    match row.tone {
        Tone::Plain if row.act == Act::Ended => style::HEADING,
        Tone::Plain => anstyle::Style::new(),
        Tone::Quiet => style::QUIET,
        Tone::Signal => style::SIGNAL,
        Tone::Warning => style::WARNING,
        Tone::Bad => style::BAD,
    }
}

/// How a run ended, in one sentence.
fn outcome(trace: &Trace) -> (String, anstyle::Style) {
    let first = trace.events.iter().find_map(|event| event.role.as_ref());
    let first = first.map_or("main", |role| role.as_str());
    let outcome = &trace.outcome;
    match (outcome.deadlock, outcome.limit, outcome.status) {
        (true, _, _) => ("deadlock: siglab ended it".into(), style::BAD),
        (_, Some(LimitKind::Cancelled), _) => ("siglab was asked to stop".into(), style::WARNING),
        (_, Some(limit), _) if limit != LimitKind::Linger => (
            format!("{}: siglab ended it", words::limit(limit)),
            style::BAD,
        ),
        (_, _, Some(status)) => (format!("{first} {}", words::status(status)), style::HEADING),
        (_, _, None) => ("siglab ended it".into(), style::BAD),
    }
}
