//! A trace as a picture that a person reads.

mod after;
mod excerpt;
mod fate;
mod fold;
mod lanes;
mod story;
mod typed;
pub(crate) mod words;

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

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
    /// The terminal's columns, if it is one: rows that are longer are broken. Without the
    /// feature `wrap` the terminal has to do that.
    pub columns: Option<usize>,
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
            columns: None,
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
    /// Only the rows that matter most, at most this many, around these moments.
    excerpt: Option<(usize, Vec<Time>)>,
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

    /// The `rows` rows that matter most: signals, and who starts and ends; with what the first
    /// process waits for, if there is room. If these are more than `rows`, what the first process
    /// does and waits for at the moments `around`, then what is nearest to one of them; without
    /// moments, the last.
    #[must_use]
    pub fn excerpt(mut self, rows: usize, around: &[Time]) -> Self {
        self.excerpt = Some((rows, around.to_vec()));
        self
    }
}

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(|_, piece| f.write_str(piece))
    }
}

impl Timeline<'_> {
    /// The same in parts: each but the first begins with what begins at one of the events at the
    /// positions `cuts`, in ascending order, or after it. One more than there are cuts.
    #[must_use]
    pub fn parts(&self, cuts: &[usize]) -> Vec<String> {
        let mut parts = vec![String::new(); cuts.len() + 1];
        let written = self.tell(|at, piece| {
            let part = cuts.partition_point(|cut| *cut <= at);
            parts[part].write_str(piece)
        });
        debug_assert!(written.is_ok(), "writing to a string can't fail");
        parts
    }

    /// Hands out header, rows and footer, each with the position of the event with which it begins.
    fn tell(&self, mut to: impl FnMut(usize, &str) -> fmt::Result) -> fmt::Result {
        let rows = story::tell(self.trace, &self.options);
        let shown = self.choose(&rows);
        let mut page = Page::new(self.trace, &rows, &self.options);
        page.is_excerpt = self.excerpt.is_some();
        let mut piece = String::new();
        if self.excerpt.is_none() {
            page.header(&mut piece)?;
            to(0, &piece)?;
        }
        let mut left_out = 0;
        for (row, shown) in rows.iter().zip(shown) {
            if !shown {
                left_out += 1;
                page.skip(row);
                continue;
            }
            piece.clear();
            if left_out > 0 && self.excerpt.is_none() {
                let rows = words::count(left_out, "row", "rows");
                let remark = format!("... {rows} left out; --verbose shows all");
                page.remark(&mut piece, &remark)?;
            }
            left_out = 0;
            page.row(&mut piece, row)?;
            to(row.at, &piece)?;
        }
        if self.excerpt.is_none() {
            piece.clear();
            page.footer(&mut piece)?;
            to(usize::MAX, &piece)?;
        }
        Ok(())
    }

    /// Which rows to show.
    fn choose(&self, rows: &[Row]) -> Vec<bool> {
        match &self.excerpt {
            Some((most, around)) => {
                let mut events = self.trace.events.iter();
                let first = events.find_map(|event| event.role.as_ref());
                excerpt::choose(rows, *most, around, first)
            }
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

/// What happened in one event: a line for a terminal, and perhaps more lines with details.
#[must_use]
pub fn sentence(event: &Event) -> String {
    escape::lines(&story::sentence(event))
}

/// Writes rows.
struct Page<'a> {
    trace: &'a Trace,
    unicode: bool,
    columns: Option<usize>,
    lanes: Lanes,
    precise: bool,
    time_width: usize,
    label_width: usize,
    last: Option<Time>,
    /// Whether details are told in short, where they can be.
    is_excerpt: bool,
}

/// Labels wider than this push their row's text to the right.
const LABEL_MOST: usize = 26;
/// In less room than this, every line would be one word.
const LEAST_ROOM: usize = 16;
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
            columns: options.columns,
            lanes: Lanes::new(rows, options.unicode),
            precise,
            time_width: 0,
            label_width: 0,
            last: None,
            is_excerpt: false,
        };
        let latest = rows.iter().map(|row| row.t).max().unwrap_or_default();
        page.time_width = page.time(latest).len() + 1;
        let label = |row| escape::line(&page.label(row), page.unicode).width();
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

    fn header(&self, f: &mut String) -> fmt::Result {
        let header = &self.trace.header;
        let clock = match header.clock {
            Clock::Virtual => "virtual time",
            Clock::Real => "real time",
        };
        let policy = match &header.policy {
            Policy::InOrder => String::new(),
            Policy::NewestFirst => ", newest first".into(),
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

    fn remark(&self, f: &mut String, text: &str) -> fmt::Result {
        let width = self.time_width;
        writeln!(f, "{:width$}  {}", "", paint(style::QUIET, text))
    }

    fn row(&mut self, f: &mut String, row: &Row) -> fmt::Result {
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
        let padding = " ".repeat(self.label_width.saturating_sub(label.width()));
        let width = self.time_width;
        write!(
            f,
            "{}  {lanes}  ",
            paint(style::QUIET, &format!("{time:>width$}"))
        )?;
        let indent = "  ".repeat(row.depth.min(6));
        let left = self.time_width + 2 + self.lanes.width() + 2 + self.label_width + 4;
        let text = escape::line(&row.text, self.unicode);
        let place = row.place.as_ref();
        let place = place.map(|place| escape::line(&format!("  {place}"), self.unicode));
        let place = place.unwrap_or_default();
        // In a narrow terminal, texts are below.
        let is_below = self
            .room(left + indent.len())
            .is_some_and(|room| room < LEAST_ROOM);
        let left = if is_below { 4 } else { left + indent.len() };
        let mut lines = self.broken(&format!("{text}{place}"), left).into_iter();
        let text = match (is_below, lines.len()) {
            (true, _) => String::new(),
            (false, 1) => {
                lines = Vec::new().into_iter();
                paint(tone(row), &text) + &paint(style::QUIET, &place)
            }
            (false, _) => paint(tone(row), &lines.next().unwrap_or_default()),
        };
        let line = format!("{}{padding}  {indent}{text}", paint(colour, &label));
        writeln!(f, "{}", line.trim_end())?;
        for text in lines {
            writeln!(f, "{:left$}{}", "", paint(tone(row), &text))?;
        }
        let details = match &row.in_short {
            Some(details) if self.is_excerpt => details,
            _ => &row.details,
        };
        for detail in details {
            let detail = escape::line(detail, self.unicode);
            for text in self.broken(&detail, left) {
                writeln!(f, "{:left$}{text}", "")?;
            }
        }
        Ok(())
    }

    /// The columns right of `left` columns, if there is an end to them.
    fn room(&self, left: usize) -> Option<usize> {
        let columns = self.columns.filter(|_| cfg!(feature = "wrap"))?;
        Some(columns.saturating_sub(left))
    }

    /// A text as the lines that have room right of `left` columns.
    fn broken(&self, text: &str, left: usize) -> Vec<String> {
        match self.room(left) {
            #[cfg(feature = "wrap")]
            Some(room) => crate::wrap::wrap(text, room),
            _ => vec![text.to_owned()],
        }
    }

    /// A row that shows how much time passed, if it did.
    fn gap(&self, f: &mut String, t: Time) -> fmt::Result {
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

    fn footer(&self, f: &mut String) -> fmt::Result {
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

    /// How many signals there were, and how many merged.
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
            text += &format!(", {merged} of them merged");
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
