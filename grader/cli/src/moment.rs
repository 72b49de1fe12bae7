//! The date, for documents of record. No verdict depends on it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in UTC: `2026-11-22T08:30:00Z`.
#[expect(
    clippy::disallowed_methods,
    reason = "a document of record says when it was made"
)]
pub(crate) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    utc(since.map_or(0, |since| since.as_secs()))
}

/// A moment, in seconds since 1970.
fn utc(seconds: u64) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let day = days + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

/// Whether a text has the form of [`now`], and its numbers are in range.
pub(crate) fn is_utc(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00Z";
    let has_form = text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        });
    let number = |from: usize| {
        text.get(from..from + 2)
            .and_then(|it| it.parse::<u8>().ok())
    };
    has_form
        && number(5).is_some_and(|month| (1..=12).contains(&month))
        && number(8).is_some_and(|day| (1..=31).contains(&day))
        && number(11).is_some_and(|hour| hour < 24)
        && number(14).is_some_and(|minute| minute < 60)
        && number(17).is_some_and(|second| second < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates() {
        // As `date -u -d @N +%FT%TZ` says.
        for (seconds, date) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_795_336_200, "2026-11-22T08:30:00Z"),
        ] {
            assert_eq!(utc(seconds), date);
            assert!(is_utc(date));
        }
        assert!(is_utc(&now()));
        for text in [
            "",
            "2026-11-22",
            "2026-11-22 08:30:00Z",
            "2026-13-22T08:30:00Z",
            "2026-11-22T24:30:00Z",
            "2026-11-22T08:30:00+",
        ] {
            assert!(!is_utc(text), "{text}");
        }
    }
}
