//! Two-line element sets: the orbit of a real satellite, as catalogues give it.
//!
//! Read strictly, because SGP4 makes a plausible orbit of a damaged set as readily as of a good
//! one. Format: Hoots and Roehrich, Spacetrack Report No. 3, and celestrak.org.

mod columns;

use std::ops::Range;

use columns::Columns;

use super::utc::Utc;

/// Longest line that can be a name, columns; catalogues end theirs at 26, with the `0 `.
const LONGEST_NAME: usize = 60;

/// A checked two-line element set.
#[derive(Clone, Debug, PartialEq)]
pub struct Elements {
    name: String,
    lines: [String; 2],
    catalogue_number: u32,
    epoch: Utc,
    inclination_deg: f64,
    /// Revolutions per day (Kozai's mean motion, as the set gives it).
    mean_motion: f64,
}

/// What is wrong with a text that should be an element set, and exactly where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {}: expected {expected}, found `{found}`", columns_in_words(.columns))]
pub struct ElementsError {
    /// Line of the text, 1 for the first.
    pub line: usize,
    /// Columns of that line, 1 for the first, end exclusive.
    pub columns: Range<usize>,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

fn columns_in_words(columns: &Range<usize>) -> String {
    match columns.len() {
        0 | 1 => format!("column {}", columns.start),
        _ => format!("columns {} to {}", columns.start, columns.end - 1),
    }
}

impl Elements {
    /// Reads two lines, or three with the name first (with or without its `0 `). Blank lines
    /// and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// If anything is not as the format demands: the first fault from the left.
    pub fn parse(text: &str) -> Result<Elements, ElementsError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
            .peekable();
        let past_the_end = text.lines().count() + 1;
        // A long line is no name, but a line 1 with a fault at its start.
        let is_name = |line: &str| !line.starts_with("1 ") && line.chars().count() <= LONGEST_NAME;
        let name = lines.next_if(|(_, line)| is_name(line));
        let (first_at, first) = lines.next().ok_or_else(|| missing(past_the_end, 1))?;
        let first = Columns::new(first, first_at, '1')?;
        let (second_at, second) = lines.next().ok_or_else(|| missing(past_the_end, 2))?;
        let second = Columns::new(second, second_at, '2')?;
        if let Some((line, rest)) = lines.next() {
            return Err(ElementsError {
                line,
                columns: 1..rest.chars().count() + 1,
                found: rest.into(),
                expected: "nothing after line 2: one element set".into(),
            });
        }
        let (catalogue_number, epoch) = read_first(first)?;
        let (inclination_deg, mean_motion) = read_second(second, catalogue_number)?;
        let name = name.map(|(_, line)| line.strip_prefix("0 ").unwrap_or(line).trim());
        Ok(Elements {
            name: name.map_or_else(|| format!("object {catalogue_number}"), Into::into),
            lines: [first.text().into(), second.text().into()],
            catalogue_number,
            epoch,
            inclination_deg,
            mean_motion,
        })
    }

    /// The name from line 0, or `object` and the catalogue number.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the object in the satellite catalogue.
    pub fn catalogue_number(&self) -> u32 {
        self.catalogue_number
    }

    /// When the elements hold best.
    pub fn epoch(&self) -> Utc {
        self.epoch
    }

    /// Time of one revolution by the mean motion, s.
    pub fn period_seconds(&self) -> f64 {
        86_400.0 / self.mean_motion
    }

    /// Inclination to the equator, deg.
    pub fn inclination_deg(&self) -> f64 {
        self.inclination_deg
    }

    /// Line 1 and line 2, as they were read.
    pub fn lines(&self) -> [&str; 2] {
        [&self.lines[0], &self.lines[1]]
    }
}

fn missing(line: usize, number: usize) -> ElementsError {
    ElementsError {
        line,
        columns: 1..2,
        found: "the end of the text".into(),
        expected: format!("line {number} of a two-line element set"),
    }
}

/// Checks line 1; the catalogue number and the epoch.
fn read_first(line: Columns<'_>) -> Result<(u32, Utc), ElementsError> {
    let number = line.catalogue_number()?;
    line.classification()?;
    line.blanks(&[9])?;
    line.designator()?;
    line.blanks(&[18])?;
    let epoch = read_epoch(line)?;
    line.blanks(&[33])?;
    line.fraction(34..44, "a sign, a point and eight digits (rev/day^2)")?;
    line.blanks(&[44])?;
    line.exponential(45..53, "a derivative like ` 00000-0` (rev/day^3)")?;
    line.blanks(&[53])?;
    line.exponential(54..62, "a drag term like ` 14854-3` (1/earth radii)")?;
    line.blanks(&[62])?;
    line.digits(63..64, "an ephemeris type of one digit")?;
    line.blanks(&[64])?;
    line.count(65..69, "an element set number")?;
    line.checksum()?;
    Ok((number, epoch))
}

/// Checks line 2; the inclination, deg, and the mean motion, rev/day.
fn read_second(line: Columns<'_>, of_first: u32) -> Result<(f64, f64), ElementsError> {
    let number = line.catalogue_number()?;
    line.blanks(&[8])?;
    let inclination = line.angle(9..17, 180.0, "an inclination")?;
    line.blanks(&[17])?;
    line.angle(18..26, 360.0, "a right ascension of the node")?;
    line.blanks(&[26])?;
    line.digits(27..34, "an eccentricity of seven digits behind the point")?;
    line.blanks(&[34])?;
    line.angle(35..43, 360.0, "an argument of perigee")?;
    line.blanks(&[43])?;
    line.angle(44..52, 360.0, "a mean anomaly")?;
    line.blanks(&[52])?;
    let expected = "a mean motion above 0 rev/day with eight decimal places";
    let mean_motion = line.decimal(53..64, 8, expected)?;
    if mean_motion <= 0.0 {
        return Err(line.refuse(53..64, expected));
    }
    line.count(64..69, "a revolution number")?;
    line.checksum()?;
    if number != of_first {
        let expected = format!("the catalogue number of line 1, {of_first:05}");
        return Err(line.refuse(3..8, &expected));
    }
    Ok((inclination, mean_motion))
}

/// The epoch of columns 19 to 32: a year of two digits, 57 to 56, and a day with its fraction.
fn read_epoch(line: Columns<'_>) -> Result<Utc, ElementsError> {
    let short = line.digits(19..21, "the two digits of the epoch's year")? as i64;
    let year = if short < 57 { 2_000 } else { 1_900 } + short;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = if leap { 366 } else { 365 };
    let expected = format!("a day of {year}, from 1 to {days}, with eight decimal places");
    // Padded with zeros and not blanks, as every catalogue does; so digits and a point only.
    line.digits(21..24, &expected)?;
    let day = line.decimal(21..33, 8, &expected)?;
    if !(1.0..(days + 1) as f64).contains(&day) {
        return Err(line.refuse(21..33, &expected));
    }
    // Whole numbers, so that the epoch is exact: the last place is 864 microseconds.
    let (whole, fraction) = (day.floor() as i64, line.digits(25..33, &expected)? as i64);
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let to_year = (year - 1_970) * 365 + leap_days(year - 1) - leap_days(1_969);
    let micros = (to_year + whole - 1) * 86_400_000_000 + fraction * 864;
    Ok(Utc::from_posix_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISS: &str = "\
1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994
2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482";

    #[test]
    fn a_good_set_is_read() {
        let elements = Elements::parse(ISS).unwrap();
        assert_eq!(elements.name(), "object 25544");
        assert_eq!(elements.catalogue_number(), 25_544);
        assert_eq!(elements.epoch().to_string(), "2025-06-25T17:34:44.245Z");
        assert!((elements.period_seconds() - 5_573.33).abs() < 0.01);
        assert_eq!(elements.lines().join("\n"), ISS);
    }

    #[test]
    fn names_comments_and_blank_lines_are_taken() {
        let named = format!("# from a catalogue\r\n\nISS (ZARYA)\r\n{ISS}\n\n");
        assert_eq!(Elements::parse(&named).unwrap().name(), "ISS (ZARYA)");
        let numbered = format!("0 ISS (ZARYA)\n{ISS}");
        assert_eq!(Elements::parse(&numbered).unwrap().name(), "ISS (ZARYA)");
    }

    #[test]
    fn a_refusal_says_where() {
        let broken = ISS.replace("264.7180", "264.71x0");
        let error = Elements::parse(&broken).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2, columns 18 to 25: expected a right ascension of the node from 0 to 360 deg \
             with four decimal places, found `264.71x0`"
        );
    }
}
