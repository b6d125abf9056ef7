//! What is wrong with an element set, to the exact columns.

use profiles::orbit::{Elements, ElementsError, Orbit};

use crate::reference::{MadeUp, checksum};

const FIRST: &str = "1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994";
const SECOND: &str = "2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482";

/// `line` with `text` written from `column` (1 for the first) and its checksum made good.
fn with(line: &str, column: usize, text: &str) -> String {
    let mut changed = line[..68].to_owned();
    changed.replace_range(column - 1..column - 1 + text.len(), text);
    format!("{changed}{}", checksum(&changed))
}

fn refusal(text: &str) -> ElementsError {
    Elements::parse(text).expect_err(text)
}

#[test]
fn every_field_of_line_1_is_checked() {
    for (column, text, columns, expected) in [
        (2, "x", 1..3, "the start of line 1"),
        (4, " ", 3..8, "catalogue number"),
        (3, "I5544", 3..8, "catalogue number"),
        (8, "u", 8..9, "classification"),
        (9, "0", 9..10, "a blank"),
        (10, "9x067A  ", 10..18, "designator"),
        (10, "98067   ", 10..18, "designator"),
        (19, " 5", 19..21, "epoch's year"),
        (21, " 76.73245655", 21..24, "a day of 2025"),
        (21, "000.99999999", 21..33, "from 1 to 365"),
        (21, "366.00000000", 21..33, "from 1 to 365"),
        (21, "176,73245655", 21..33, "a day of 2025"),
        (21, "176.7324565 ", 21..33, "a day of 2025"),
        (33, "1", 33..34, "a blank"),
        (34, "0", 34..44, "a sign, a point"),
        (35, "0", 34..44, "a sign, a point"),
        (36, " ", 34..44, "a sign, a point"),
        (45, " 0000000", 45..53, "a derivative"),
        (54, " 1485.-3", 54..62, "a drag term"),
        (54, " 14854 3", 54..62, "a drag term"),
        (63, "x", 63..64, "ephemeris type"),
        (64, "0", 64..65, "a blank"),
        (65, "99 9", 65..69, "element set number"),
        (65, "    ", 65..69, "element set number"),
    ] {
        let line = with(FIRST, column, text);
        let error = refusal(&format!("# comment\n{line}\n{SECOND}"));
        assert_eq!((error.line, error.columns), (2, columns), "{line}");
        assert!(error.expected.contains(expected), "{}", error.expected);
    }
}

#[test]
fn every_field_of_line_2_is_checked() {
    for (column, text, columns, expected) in [
        (3, "25545", 3..8, "catalogue number of line 1, 25544"),
        (8, "1", 8..9, "a blank"),
        (9, "180.0001", 9..17, "inclination from 0 to 180"),
        (9, "-51.6390", 9..17, "inclination"),
        (9, " 5 .6390", 9..17, "inclination"),
        (18, "360.0001", 18..26, "right ascension"),
        (18, "264.718 ", 18..26, "right ascension"),
        (27, "000199.", 27..34, "eccentricity"),
        (27, "  01990", 27..34, "eccentricity"),
        (35, "278.37e8", 35..43, "argument of perigee"),
        (44, "400.0000", 44..52, "mean anomaly"),
        (52, "1", 52..53, "a blank"),
        (53, " 0.00000000", 53..64, "mean motion above 0"),
        (53, "15.5024011x", 53..64, "mean motion"),
        (64, "5x648", 64..69, "revolution number"),
    ] {
        let line = with(SECOND, column, text);
        let error = refusal(&format!("{FIRST}\n{line}\n"));
        assert_eq!(error.found, line[columns.start - 1..columns.end - 1]);
        assert_eq!((error.line, error.columns), (2, columns), "{line}");
        assert!(error.expected.contains(expected), "{}", error.expected);
    }
}

#[test]
fn a_wrong_digit_is_caught_by_the_checksum() {
    for (first, second, line, digit) in [
        (FIRST.replace("176.", "177."), SECOND.to_owned(), 1, "5"),
        (
            FIRST.to_owned(),
            SECOND.replace("51.6390", "51.6380"),
            2,
            "1",
        ),
        (
            FIRST.replace("14854-3", "14854+3"),
            SECOND.to_owned(),
            1,
            "3",
        ),
    ] {
        let error = refusal(&format!("{first}\n{second}"));
        assert_eq!((error.line, error.columns), (line, 69..70));
        assert_eq!(error.expected, format!("the checksum {digit}"));
    }
}

#[test]
fn lines_have_69_columns() {
    let short = refusal(&format!("{}\n{SECOND}", &FIRST[..60]));
    assert_eq!((short.line, short.columns), (1, 61..62));
    let long = refusal(&format!("{FIRST}\n{SECOND} 1"));
    assert_eq!((long.line, long.columns), (2, 70..72));
    assert_eq!(long.found, " 1");
    let accent = refusal(&format!("{}\n{SECOND}", FIRST.replace("98067A", "98067Ä")));
    assert_eq!((accent.line, accent.columns), (1, 15..16));
}

#[test]
fn there_is_one_set_of_two_lines() {
    for (text, line, columns) in [
        (String::new(), 1, 1..2),
        ("# nothing\n".into(), 2, 1..2),
        ("ISS (ZARYA)\n".into(), 2, 1..2),
        (FIRST.into(), 2, 1..2),
        (format!("{SECOND}\n{FIRST}"), 1, 1..3),
        (format!("{FIRST}\n{FIRST}"), 2, 1..3),
        (format!("ISS\nZARYA\n{FIRST}\n{SECOND}"), 2, 1..3),
        (format!("{FIRST}\n{SECOND}\n{FIRST}\n{SECOND}"), 3, 1..70),
    ] {
        let error = refusal(&text);
        assert_eq!((error.line, error.columns), (line, columns), "{text:?}");
    }
}

#[test]
fn letters_extend_catalogue_numbers() {
    for (written, number) in [("A0000", 100_000), ("J2931", 182_931), ("Z9999", 339_999)] {
        let first = with(FIRST, 3, written);
        let second = with(SECOND, 3, written);
        let elements = Elements::parse(&format!("{first}\n{second}")).unwrap();
        assert_eq!(elements.catalogue_number(), number);
        assert!(Orbit::new(&elements).is_ok());
    }
}

#[test]
fn a_leap_year_has_a_day_more_and_the_century_turns_at_57() {
    let epoch = |text: &str| {
        let first = with(FIRST, 19, text);
        let elements = Elements::parse(&format!("{first}\n{SECOND}"));
        elements.map(|elements| elements.epoch().to_string())
    };
    assert_eq!(epoch("24366.50000000").unwrap(), "2024-12-31T12:00:00.000Z");
    assert_eq!(epoch("00001.00000000").unwrap(), "2000-01-01T00:00:00.000Z");
    assert_eq!(epoch("56060.00000000").unwrap(), "2056-02-29T00:00:00.000Z");
    assert_eq!(epoch("57365.25000000").unwrap(), "1957-12-31T06:00:00.000Z");
    assert_eq!(epoch("08061.00000001").unwrap(), "2008-03-01T00:00:00.000Z");
    assert!(epoch("25366.00000000").is_err());
}

#[test]
fn a_satellite_below_the_ground_is_no_orbit() {
    let made_up = MadeUp {
        inclination: 50.0,
        node: 0.0,
        eccentricity: 0,
        anomaly: 0.0,
        revolutions: 17.5,
    };
    let orbit = made_up.orbit();
    let error = orbit.position(MadeUp::start()).unwrap_err();
    assert!(error.to_string().contains("decayed"), "{error}");
}
