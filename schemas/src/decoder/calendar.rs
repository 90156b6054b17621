//! Counts as the dates, times and durations that people write (RFC 3339, ISO 8601), exactly and with all digits of
//! their unit. Proleptic Gregorian years 0000 to 9999; the encoder's calendar reads what is written here.

use crate::calendar::Unit;

const SECONDS_A_DAY: i64 = 86_400;

/// Days since 1970-01-01 as `2026-11-21`; none outside of the years that have four digits.
pub(crate) fn date(days: i64) -> Option<String> {
    let (year, month, day) = civil_from_days(days)?;
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A count since midnight as `14:03:00.250`; none if that is another day's.
pub(crate) fn time_of_day(count: i64, unit: Unit) -> Option<String> {
    let (seconds, part) = (count.div_euclid(unit.per_second()), count.rem_euclid(unit.per_second()));
    if !(0..SECONDS_A_DAY).contains(&seconds) {
        return None;
    }
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let digits = match unit {
        Unit::Millis => 3,
        Unit::Micros => 6,
        Unit::Nanos => 9,
    };
    Some(format!("{hour:02}:{minute:02}:{second:02}.{part:0digits$}"))
}

/// A count since 1970-01-01T00:00:00 as `2026-11-21T14:03:00.250`, without an offset.
pub(crate) fn date_time(count: i64, unit: Unit) -> Option<String> {
    let day = SECONDS_A_DAY * unit.per_second();
    let date = date(count.div_euclid(day))?;
    let time = time_of_day(count.rem_euclid(day), unit)?;
    Some(format!("{date}T{time}"))
}

/// Months, days and milliseconds as `P1Y2M3DT4H5M6.789S`, without the parts that are zero.
pub(crate) fn duration([months, days, millis]: [u32; 3]) -> String {
    if (months, days, millis) == (0, 0, 0) {
        return "PT0S".to_owned();
    }
    let part = |count: u32, letter: char| if count > 0 { format!("{count}{letter}") } else { String::new() };
    let date = [part(months / 12, 'Y'), part(months % 12, 'M'), part(days, 'D')].concat();
    if millis == 0 {
        return format!("P{date}");
    }
    let (seconds, beyond) = (millis / 1_000, millis % 1_000);
    let second = if beyond > 0 { format!("{}.{beyond:03}S", seconds % 60) } else { part(seconds % 60, 'S') };
    format!("P{date}T{}{}{second}", part(seconds / 3_600, 'H'), part(seconds / 60 % 60, 'M'))
}

/// The date so many days after 1970-01-01, counted in eras of 400 years that begin in March (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms").
fn civil_from_days(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    Some((era * 400 + year_of_era + i64::from(month <= 2), month, day))
}
