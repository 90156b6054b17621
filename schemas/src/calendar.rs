//! Dates, times and durations as people write them (RFC 3339, ISO 8601), turned into counts exactly. Proleptic
//! Gregorian years 0000 to 9999; no leap seconds, no floats, no clock.

/// What a count of time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// Units in a second.
    pub(crate) const fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }
}

/// A moment: whole seconds since 1970-01-01T00:00:00 (of UTC, or of the local calendar), and what is beyond them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds; before 1970 they are negative.
    pub(crate) seconds: i64,
    /// Nanoseconds after that second, always forwards; finer digits are cut off.
    pub(crate) nanos: u32,
}

impl Moment {
    /// So many units after 1970 began.
    pub(crate) const fn of(count: i64, unit: Unit) -> Self {
        let (per_second, part) = (unit.per_second(), count.rem_euclid(unit.per_second()));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 999,999,999")]
        let nanos = (part * (1_000_000_000 / per_second)) as u32;
        Self { seconds: count.div_euclid(per_second), nanos }
    }

    /// Without what is finer than the unit.
    pub(crate) const fn cut(self, unit: Unit) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 1 to 1,000,000")]
        let step = (1_000_000_000 / unit.per_second()) as u32;
        Self { nanos: self.nanos - self.nanos % step, ..self }
    }

    /// The moment as a count of which `per_second` make a second, cut off downwards; none if that is no long.
    pub(crate) fn count(self, per_second: i64) -> Option<i64> {
        let part = i64::from(self.nanos) / (1_000_000_000 / per_second);
        i64::try_from(i128::from(self.seconds) * i128::from(per_second) + i128::from(part)).ok()
    }
}

/// `2026-11-21` as days since 1970-01-01.
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    let mut cursor = Cursor(text);
    let days = cursor.date()?;
    cursor.0.is_empty().then_some(days)
}

/// `14:03:00.25` as a count of which `per_second` make a second. Finer digits must be zeros.
pub(crate) fn time_of_day(text: &[u8], per_second: i64) -> Option<i64> {
    let mut cursor = Cursor(text);
    let seconds = cursor.time()?;
    let fraction = cursor.fraction()?;
    if !cursor.0.is_empty() || !fraction.exact {
        return None;
    }
    let step = 1_000_000_000 / per_second;
    let nanos = i64::from(fraction.nanos);
    (nanos % step == 0).then_some(i64::from(seconds) * per_second + nanos / step)
}

/// `2026-11-21T14:03:00.25+01:00` (RFC 3339, section 5.6).
pub(crate) fn timestamp(text: &[u8]) -> Option<Moment> {
    let mut cursor = Cursor(text);
    let local = cursor.date_time()?;
    let offset = cursor.offset()?;
    cursor.0.is_empty().then_some(Moment { seconds: local.seconds - i64::from(offset), ..local })
}

/// The same without an offset.
pub(crate) fn local_timestamp(text: &[u8]) -> Option<Moment> {
    let mut cursor = Cursor(text);
    let local = cursor.date_time()?;
    cursor.0.is_empty().then_some(local)
}

/// `P1Y2M3DT4H5M6.789S` as months, days and milliseconds. Parts may be left out, not all of them.
pub(crate) fn duration(text: &[u8]) -> Option<[u32; 3]> {
    let mut cursor = Cursor(text);
    cursor.take(b'P')?;
    let years = cursor.part(b'Y');
    let months = cursor.part(b'M');
    let days = cursor.part(b'D');
    let mut millis = 0_u64;
    let mut any = years.or(months).or(days).is_some();
    if cursor.take(b'T').is_some() {
        let hours = cursor.part(b'H');
        let minutes = cursor.part(b'M');
        let seconds = cursor.seconds();
        hours.or(minutes).or(seconds)?;
        any = true;
        let minutes = hours.unwrap_or(0).checked_mul(60)?.checked_add(minutes.unwrap_or(0))?;
        millis = minutes.checked_mul(60_000)?.checked_add(seconds.unwrap_or(0))?;
    }
    if !any || !cursor.0.is_empty() {
        return None;
    }
    let months = years.unwrap_or(0).checked_mul(12)?.checked_add(months.unwrap_or(0))?;
    let part = |count: u64| u32::try_from(count).ok();
    Some([part(months)?, part(days.unwrap_or(0))?, part(millis)?])
}

struct Fraction {
    nanos: u32,
    /// Whether digits beyond the ninth are all zeros.
    exact: bool,
}

struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    fn take(&mut self, wanted: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[wanted])?;
        Some(())
    }

    /// That many digits.
    fn number(&mut self, digits: usize) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))
    }

    fn date(&mut self) -> Option<i32> {
        let year = self.number(4)?;
        self.take(b'-')?;
        let month = self.number(2)?;
        self.take(b'-')?;
        let day = self.number(2)?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=length).contains(&day).then(|| days_from_civil(year, month, day))
    }

    /// Seconds since midnight.
    fn time(&mut self) -> Option<i32> {
        let hour = self.number(2)?;
        self.take(b':')?;
        let minute = self.number(2)?;
        self.take(b':')?;
        let second = self.number(2)?;
        (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
    }

    fn fraction(&mut self) -> Option<Fraction> {
        let mut fraction = Fraction { nanos: 0, exact: true };
        if self.take(b'.').is_none() {
            return Some(fraction);
        }
        let mut unit = 100_000_000;
        let mut any = false;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.0 {
            fraction.nanos += unit * u32::from(digit - b'0');
            fraction.exact &= unit > 0 || *digit == b'0';
            unit /= 10;
            any = true;
            self.0 = rest;
        }
        any.then_some(fraction)
    }

    fn date_time(&mut self) -> Option<Moment> {
        let days = self.date()?;
        self.take(b'T').or_else(|| self.take(b't'))?;
        let seconds = self.time()?;
        let nanos = self.fraction()?.nanos;
        Some(Moment { seconds: i64::from(days) * 86_400 + i64::from(seconds), nanos })
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Option<i32> {
        if self.take(b'Z').or_else(|| self.take(b'z')).is_some() {
            return Some(0);
        }
        let west = self.take(b'-').is_some();
        if !west {
            self.take(b'+')?;
        }
        let hours = self.number(2)?;
        self.take(b':')?;
        let minutes = self.number(2)?;
        let east = hours * 3600 + minutes * 60;
        (hours < 24 && minutes < 60).then_some(if west { -east } else { east })
    }

    /// A count before its letter, if the letter is this one.
    fn part(&mut self, letter: u8) -> Option<u64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        let rest = rest.strip_prefix(&[letter])?;
        let value = whole(number)?;
        self.0 = rest;
        Some(value)
    }

    /// Seconds with up to three digits after the point, in milliseconds.
    fn seconds(&mut self) -> Option<u64> {
        if let Some(seconds) = self.part(b'S') {
            return seconds.checked_mul(1_000);
        }
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        let seconds = whole(number)?;
        let mut rest = Cursor(rest);
        let fraction = rest.fraction()?;
        rest.take(b'S')?;
        self.0 = rest.0;
        let millis = u64::from(fraction.nanos / 1_000_000);
        let exact = fraction.exact && fraction.nanos % 1_000_000 == 0;
        exact.then_some(seconds.checked_mul(1_000)?.checked_add(millis)?)
    }
}

fn whole(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counted in eras of 400 years that begin in
/// March (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
const fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
