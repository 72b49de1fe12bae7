//! The rows of a timeline that matter most, where there is little room.

use siglab_model::{Role, Time};

use super::story::{Act, Row, Tone};

/// How much a row matters, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// What the first process does or gets at one of the moments, and who ends then; and what the
    /// explorer does.
    Decisive,
    /// What the first process waits for at one of them, and until then.
    Wait,
    /// What follows from that at the same moments: what the kernel tells it, and whom it reaps.
    Consequence,
    /// The heart of the story elsewhere.
    Heart,
    /// Other waits of the first process.
    IfRoom,
}

/// Which rows to show: at most so many, around these moments. `first` is the first process.
pub(super) fn choose(
    rows: &[Row],
    most: usize,
    around: &[Time],
    first: Option<&Role>,
) -> Vec<bool> {
    // If there is room for it, more than what is looked for.
    let least = (0..2).find(|least| rows.iter().filter(|row| row.weight >= *least).count() <= most);
    if let Some(least) = least {
        return rows.iter().map(|row| row.weight >= least).collect();
    }
    let mut ranked: Vec<(Rank, usize)> = (0..rows.len())
        .filter_map(|index| Some((rank(rows, index, around, first)?, index)))
        .collect();
    ranked
        .sort_by_key(|(rank, index)| (*rank, distance(rows[*index].t, around), usize::MAX - index));
    ranked.truncate(most);
    let mut chosen = vec![false; rows.len()];
    for (_, index) in ranked {
        chosen[index] = true;
    }
    chosen
}

fn rank(rows: &[Row], index: usize, around: &[Time], first: Option<&Role>) -> Option<Rank> {
    let row = &rows[index];
    let is_there = around.iter().any(|moment| is_at(row.t, *moment));
    if row.if_room {
        let next = rows[index + 1..].iter().find(|row| row.if_room);
        let lasts_until = |moment: &Time| {
            row.t <= *moment && next.is_none_or(|next| next.t > *moment && !is_at(next.t, *moment))
        };
        let matters = is_there || around.iter().any(lasts_until);
        return Some(if matters { Rank::Wait } else { Rank::IfRoom });
    }
    if row.is_tried {
        return Some(Rank::Decisive);
    }
    if row.weight < 2 {
        return None;
    }
    let is_first = first.is_some() && (row.role.as_ref() == first || row.from.as_ref() == first);
    let is_grave = matches!(row.tone, Tone::Bad | Tone::Warning)
        || matches!(row.act, Act::Ended | Act::Killed);
    let follows = row.is_reaping || row.from.as_ref().is_some_and(|from| *from == Role::KERNEL);
    Some(match is_there && (is_first || is_grave) {
        true if follows && !is_grave => Rank::Consequence,
        true => Rank::Decisive,
        false => Rank::Heart,
    })
}

/// Messages tell moments in whole milliseconds.
fn is_at(t: Time, moment: Time) -> bool {
    const ROUNDED: u128 = 1_000_000;
    t.since(moment).max(moment.since(t)).as_nanos() < ROUNDED
}

/// How far a row is from the nearest of the moments. The rows before one explain it better than
/// those after it.
fn distance(t: Time, around: &[Time]) -> std::time::Duration {
    let to = |moment: &Time| match t <= *moment {
        true => moment.since(t),
        false => t.since(*moment) * 2,
    };
    let nearest = around.iter().map(to).min();
    nearest.unwrap_or_else(|| Time::MAX.since(t))
}
