//! One lane for each process and thread that exists, as in a graph of commits.

use std::collections::HashSet;

use siglab_model::{ForkHow, Role};

use super::story::{Act, Row};
use crate::style;

/// More lanes than this are harder to read than none.
const MOST: usize = 9;

/// The characters that lanes are drawn with.
struct Glyphs {
    alive: &'static str,
    step: &'static str,
    ended: &'static str,
    killed: &'static str,
    gap: &'static str,
    /// A signal from outside of the run arrives.
    from_outside: &'static str,
    to_right: &'static str,
    to_left: &'static str,
    across: &'static str,
    crossing: &'static str,
    born_right: &'static str,
    born_left: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    alive: "│",
    step: "●",
    ended: "■",
    killed: "✖",
    gap: "⋮",
    from_outside: "▼",
    to_right: "▶",
    to_left: "◀",
    across: "─",
    crossing: "┼",
    born_right: "╮",
    born_left: "╭",
};

const ASCII: Glyphs = Glyphs {
    alive: "|",
    step: "*",
    ended: "#",
    killed: "X",
    gap: ":",
    from_outside: "v",
    to_right: ">",
    to_left: "<",
    across: "-",
    crossing: "+",
    born_right: ".",
    born_left: ".",
};

/// What lives in a lane.
#[derive(Clone)]
struct Lane {
    role: Role,
    /// The process that it is a thread of, or itself.
    process: Role,
}

/// The lanes, from row to row.
pub(super) struct Lanes {
    glyphs: &'static Glyphs,
    lanes: Vec<Option<Lane>>,
    /// Those that have ended: what is told of them afterwards needs no lane.
    ended: HashSet<Role>,
    /// How many are drawn; 0 if there would be too many.
    width: usize,
}

impl Lanes {
    /// Lanes wide enough for these rows.
    pub(super) fn new(rows: &[Row], unicode: bool) -> Self {
        let glyphs = if unicode { &UNICODE } else { &ASCII };
        let mut trial = Self {
            glyphs,
            lanes: Vec::new(),
            ended: HashSet::new(),
            width: usize::MAX,
        };
        rows.iter().for_each(|row| trial.follow(row));
        let width = trial.lanes.len();
        Self {
            glyphs,
            lanes: Vec::new(),
            ended: HashSet::new(),
            width: if width > MOST { 0 } else { width },
        }
    }

    /// Draws a row, and takes note of who comes and goes.
    pub(super) fn draw(&mut self, row: &Row) -> String {
        let alive = self.occupied();
        self.enter(row);
        let cells = self.cells(row, &alive);
        self.leave(row);
        cells
    }

    /// Takes note of who comes and goes, without drawing.
    pub(super) fn follow(&mut self, row: &Row) {
        self.enter(row);
        self.leave(row);
    }

    /// A row in which only time passes.
    pub(super) fn gap(&self) -> String {
        let cells = (0..self.width)
            .map(|lane| {
                if self.is_alive(lane) {
                    self.glyphs.gap
                } else {
                    " "
                }
            })
            .collect::<Vec<_>>();
        style::paint(style::QUIET, cells.join(" ").trim_end())
    }

    /// How wide they are, in characters.
    pub(super) fn width(&self) -> usize {
        (2 * self.width).saturating_sub(1)
    }

    /// The colour of a role, if it has a lane.
    pub(super) fn colour(&self, role: &Role) -> anstyle::Style {
        self.find(role)
            .map_or_else(anstyle::Style::new, style::lane)
    }

    fn find(&self, role: &Role) -> Option<usize> {
        self.lanes
            .iter()
            .position(|lane| lane.as_ref().is_some_and(|lane| lane.role == *role))
    }

    fn is_alive(&self, lane: usize) -> bool {
        self.lanes.get(lane).is_some_and(Option::is_some)
    }

    fn occupied(&self) -> Vec<bool> {
        (0..self.width.min(MOST))
            .map(|lane| self.is_alive(lane))
            .collect()
    }

    /// Gives the row's role a lane if it has none, and its new child one.
    fn enter(&mut self, row: &Row) {
        let Some(role) = &row.role else { return };
        self.settle(role, role);
        if let Act::Made { child, how } = &row.act {
            let process = match (how, self.find(role)) {
                (ForkHow::Thread, Some(lane)) => self.lanes[lane]
                    .as_ref()
                    .map_or(role, |lane| &lane.process)
                    .clone(),
                _ => child.clone(),
            };
            self.settle(child, &process);
        }
    }

    fn settle(&mut self, role: &Role, process: &Role) {
        if self.find(role).is_some() || self.ended.contains(role) {
            return;
        }
        let lane = Some(Lane {
            role: role.clone(),
            process: process.clone(),
        });
        match self.lanes.iter().position(Option::is_none) {
            Some(free) => self.lanes[free] = lane,
            None => self.lanes.push(lane),
        }
    }

    /// Frees the lanes of what has ended: a process's threads end with it.
    fn leave(&mut self, row: &Row) {
        let (Some(role), Act::Ended | Act::Killed) = (&row.role, &row.act) else {
            return;
        };
        self.ended.insert(role.clone());
        for lane in &mut self.lanes {
            if lane
                .as_ref()
                .is_some_and(|lane| lane.role == *role || lane.process == *role)
            {
                *lane = None;
            }
        }
    }

    fn cells(&self, row: &Row, before: &[bool]) -> String {
        if self.width == 0 {
            return String::new();
        }
        let glyphs = self.glyphs;
        let here = row.role.as_ref().and_then(|role| self.find(role));
        let (from, to, end) = match &row.act {
            Act::Made { child, .. } => (here, self.find(child), Some(true)),
            Act::Signal | Act::Killed => (
                row.from.as_ref().and_then(|from| self.find(from)),
                here,
                Some(false),
            ),
            Act::Step | Act::Ended => (None, here, None),
        };
        let mut cells: Vec<&str> = (0..self.width)
            .map(|lane| {
                if before.get(lane) == Some(&true) {
                    glyphs.alive
                } else {
                    " "
                }
            })
            .collect();
        let mut arrow = None;
        match (from, to, end) {
            (Some(from), Some(to), Some(birth)) if from != to => {
                for cell in &mut cells[from.min(to) + 1..from.max(to)] {
                    *cell = if *cell == " " {
                        glyphs.across
                    } else {
                        glyphs.crossing
                    };
                }
                cells[from] = glyphs.step;
                cells[to] = match (birth, from < to, &row.act) {
                    (_, _, Act::Killed) => glyphs.killed,
                    (true, true, _) => glyphs.born_right,
                    (true, false, _) => glyphs.born_left,
                    (false, true, _) => glyphs.to_right,
                    (false, false, _) => glyphs.to_left,
                };
                arrow = Some((from.min(to), from.max(to)));
            }
            (_, Some(to), _) => {
                cells[to] = match (&row.act, &row.from) {
                    (Act::Ended, _) => glyphs.ended,
                    (Act::Killed, _) => glyphs.killed,
                    (Act::Signal, Some(from)) if row.role.as_ref() != Some(from) => {
                        glyphs.from_outside
                    }
                    _ => glyphs.step,
                };
            }
            _ => {}
        }
        self.paint(&cells, arrow)
    }

    /// Joins the cells, each in its lane's colour.
    fn paint(&self, cells: &[&str], arrow: Option<(usize, usize)>) -> String {
        let mut out = String::new();
        for (lane, cell) in cells.iter().enumerate() {
            if lane > 0 {
                let joined = arrow.is_some_and(|(left, right)| left < lane && lane <= right);
                out.push_str(if joined { self.glyphs.across } else { " " });
            }
            if *cell == " " {
                out.push(' ');
            } else {
                out.push_str(&style::paint(style::lane(lane), cell));
            }
        }
        out
    }
}
