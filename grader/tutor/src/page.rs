//! How topics are shown.

use std::fmt;

use siglab_timeline::style::{self, paint};
use siglab_timeline::{Timeline, TimelineOptions, escape, wrap};

use crate::signals::{HEADS, Tried, action, documented, rows};
use crate::topic::{Found, Live, Topics};

/// The columns of a text, at the most.
const COLUMNS: usize = 100;
/// The rows of a timeline below a text, at the most.
const ROWS: usize = 60;

/// A topic as a page: the text, and what its program did.
#[derive(Debug)]
pub struct Page<'a> {
    /// All topics.
    pub topics: &'a Topics,
    /// This one.
    pub found: Found<'a>,
    /// Its run.
    pub live: Option<&'a Live>,
    /// Whether more than ASCII may be written.
    pub unicode: bool,
    /// The terminal's columns, if it is one.
    pub columns: Option<usize>,
}

/// All topics, by groups.
#[derive(Debug)]
pub struct Listing<'a> {
    /// The topics.
    pub topics: &'a Topics,
    /// The terminal's columns, if it is one.
    pub columns: Option<usize>,
}

fn room(columns: Option<usize>) -> usize {
    columns.unwrap_or(COLUMNS).clamp(20, COLUMNS)
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topic = self.found.topic;
        let title = match self.found.signal {
            Some(signal) if topic.sender.is_some() => signal.to_string(),
            _ => topic.id.clone(),
        };
        writeln!(f, "{}", paint(style::HEADING, &title))?;
        self.facts(f)?;
        writeln!(f)?;
        for line in wrap(&topic.text, room(self.columns)) {
            writeln!(f, "{line}")?;
        }
        if !topic.see.is_empty() {
            writeln!(f)?;
            let see = format!("See also: {}", topic.see.join(", "));
            for line in wrap(&see, room(self.columns)) {
                writeln!(f, "{}", paint(style::QUIET, &line))?;
            }
        }
        match self.live {
            Some(live) => self.live(f, live),
            None => Ok(()),
        }
    }
}

impl Page<'_> {
    /// What there is to know about a signal.
    fn facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(signal) = self
            .found
            .signal
            .filter(|_| self.found.topic.sender.is_some())
        else {
            return Ok(());
        };
        let documented = documented(self.topics, signal);
        let caught = match signal.can_be_caught() {
            true => "it can be caught, blocked and ignored",
            false => "it can't be caught, blocked or ignored",
        };
        let two = match signal.is_realtime() {
            true => "a real-time signal: instances of it queue",
            false => "a standard signal: instances of it merge",
        };
        let also = match &documented.names[1..] {
            [] => String::new(),
            names => format!(", also {}", names.join(", ")),
        };
        let action = action(signal.default_action());
        for (what, is) in [
            ("number", format!("{}{also}", signal.number())),
            ("default action", format!("{action}; {caught}")),
            ("kind", two.to_owned()),
            ("standard", documented.standard),
            ("sent by", documented.sender),
        ] {
            let room = room(self.columns).saturating_sub(18).max(16);
            for (index, line) in wrap(&is, room).into_iter().enumerate() {
                let what = if index == 0 { what } else { "" };
                writeln!(f, "  {}{line}", paint(style::QUIET, &format!("{what:<16}")))?;
            }
        }
        Ok(())
    }

    /// The program, and what it did.
    fn live(&self, f: &mut fmt::Formatter<'_>, live: &Live) -> fmt::Result {
        writeln!(f, "\n{}\n", paint(style::HEADING, &live.file))?;
        for line in live.source.lines() {
            writeln!(f, "{}", format!("    {line}").trim_end())?;
        }
        writeln!(f)?;
        if let Some(diagnosis) = live.told() {
            for text in [&diagnosis.message, &diagnosis.hint] {
                for line in escape::lines(text.trim_end()).lines() {
                    writeln!(f, "{} {line}", paint(style::QUIET, "siglab:"))?;
                }
            }
            writeln!(f)?;
        }
        let Some(trace) = live.trace() else {
            return Ok(());
        };
        let options = TimelineOptions {
            unicode: self.unicode,
            columns: self.columns,
            rows: ROWS,
            ..TimelineOptions::default()
        };
        write!(f, "{}", Timeline::new(trace, options))
    }
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in self.topics.groups() {
            writeln!(f, "{}", paint(style::HEADING, &group.title))?;
            let mut line = String::new();
            for topic in &group.topics {
                let comma = if line.is_empty() { "" } else { ", " };
                if line.len() + comma.len() + topic.id.len() + 3 > room(self.columns) {
                    writeln!(f, "  {line},")?;
                    line.clear();
                }
                let comma = if line.is_empty() { "" } else { ", " };
                line += comma;
                line += &topic.id;
            }
            writeln!(f, "  {line}")?;
        }
        let table = "signals: the table of all of them, tried on the running kernel";
        writeln!(f, "{}\n  {table}", paint(style::HEADING, "And"))?;
        Ok(())
    }
}

/// The table of all signals, and what of it is otherwise on this kernel.
#[derive(Debug)]
pub struct SignalTable<'a> {
    /// The topics, which have a part of it.
    pub topics: &'a Topics,
    /// What was tried; nothing if nothing was.
    pub tried: &'a [Tried],
    /// The terminal's columns, if it is one.
    pub columns: Option<usize>,
}

impl fmt::Display for SignalTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = rows(self.topics);
        let heads = HEADS.map(str::to_owned);
        let all = || std::iter::once(&heads).chain(&rows);
        let widths: Vec<usize> = (0..HEADS.len() - 1)
            .map(|column| all().map(|row| row[column].len()).max().unwrap_or_default() + 2)
            .collect();
        let left: usize = widths.iter().sum();
        // What sends a signal is the last column, and goes below the others if there is no room.
        let room = self
            .columns
            .map_or(usize::MAX, |columns| columns.saturating_sub(left));
        let is_below = room < 24;
        for (index, row) in all().enumerate() {
            let cells = row.iter().zip(&widths);
            let line: String = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            let line = if index == 0 {
                paint(style::HEADING, &line)
            } else {
                line
            };
            let sender = &row[HEADS.len() - 1];
            let (room, left) = match is_below {
                true => (self.columns.unwrap_or(COLUMNS).saturating_sub(4), 4),
                false => (room, left),
            };
            let mut lines = wrap(sender, room).into_iter();
            if is_below {
                writeln!(f, "{}", line.trim_end())?;
            } else {
                writeln!(f, "{line}{}", lines.next().unwrap_or_default())?;
            }
            for line in lines {
                writeln!(f, "{:left$}{line}", "")?;
            }
        }
        if self.tried.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        let mut differs = self.tried.iter().filter_map(Tried::differs).peekable();
        if differs.peek().is_none() {
            writeln!(
                f,
                "Tried on this kernel just now: all {} signals do so.",
                self.tried.len()
            )?;
        }
        for difference in differs {
            writeln!(f, "{}", paint(style::WARNING, &difference))?;
        }
        if self.tried.iter().any(|tried| !tried.sees_cores) {
            writeln!(
                f,
                "Core dumps go elsewhere on this machine, so nobody saw whether there would be one."
            )?;
        }
        Ok(())
    }
}
