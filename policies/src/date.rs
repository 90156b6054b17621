//! A day of the calendar. Knows neither clocks nor time zones.

use std::fmt;
use std::str::FromStr;

/// A day of the proleptic Gregorian calendar, from year 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day, as `2026-11-21` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADate;

impl Date {
    /// The last day that there is here: 9999-12-31.
    pub const LAST: Self = Self { year: 9999, month: 12, day: 31 };

    /// The day of this year, month and day of the month, if there is one.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// The day that lies this many days after 1970-01-01; `None` after 9999-12-31.
    pub fn from_days_since_epoch(days: u32) -> Option<Self> {
        // Counted from 1 March of year 0, a leap day is the last one of its year, and all repeats after 400 years (Howard
        // Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
        let days = days.checked_add(719_468)?;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = 400 * era + year + next;
        Self::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }
}

fn days_of_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = NotADate;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let (year, month, day) = match text.as_bytes() {
            [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => (year, [*m1, *m2], [*d1, *d2]),
            _ => return Err(NotADate),
        };
        let (year, month, day) = (number(year)?, number(&month)?, number(&day)?);
        let small = |value| u8::try_from(value).map_err(|_| NotADate);
        Self::new(year, small(month)?, small(day)?).ok_or(NotADate)
    }
}

fn number(digits: &[u8]) -> Result<u16, NotADate> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + u16::from(digit - b'0')),
        _ => Err(NotADate),
    })
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day such as 2026-11-21")
    }
}

impl std::error::Error for NotADate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist() {
        for text in ["2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        let wrong = [
            "",
            "2026-11",
            "2026-2-29",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-01-00",
            "0000-01-01",
            "26-11-21",
            "+026-11-21",
            "2026-11-21T00:00",
            " 2026-11-21",
            "2026/11/21",
            "２026-11-21",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Date>(), Err(NotADate), "{text}");
        }
    }

    #[test]
    fn days_count_from_the_epoch() {
        for (days, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11016, "2000-02-29"), (20778, "2026-11-21")] {
            assert_eq!(Date::from_days_since_epoch(days).unwrap().to_string(), text);
        }
        let mut days = 0;
        for year in 1970..=9999 {
            for month in 1..=12 {
                for day in 1..=days_of_month(year, month) {
                    assert_eq!(Date::from_days_since_epoch(days), Some(Date { year, month, day }));
                    days += 1;
                }
            }
        }
        assert_eq!(Date::from_days_since_epoch(2_932_896).unwrap().to_string(), "9999-12-31");
        assert_eq!(Date::from_days_since_epoch(2_932_897), None);
        assert_eq!(Date::from_days_since_epoch(u32::MAX), None);
    }

    #[test]
    fn later_days_are_greater() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2026-11-21") < day("2026-12-01"));
        assert!(day("2026-12-31") < day("2027-01-01"));
    }
}
