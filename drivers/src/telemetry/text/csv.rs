//! Separated values, as boards and loggers print them: RFC 4180 line by line, and what is seen in its place.
//!
//! | line | is |
//! |---|---|
//! | all texts, before anything else or in place of numbered columns | a heading: it names the columns, `volts [V]` or `volts (V)` with a unit |
//! | the same heading again, or all texts in another number | a heading, as after a restart |
//! | `# …` | a remark; as long as no column has a name, a heading if it looks like one |
//! | as many values as there are columns | a row |
//! | another number | damaged; the second of two in a row is believed where no heading gave the number |
//!
//! Without a heading columns are `c1`, `c2` and so on. The separator is the one of comma, semicolon and tabulator
//! that the first line with any of them has most of. Values are numbers as in [`super::value`], `nan` and `inf`,
//! `true` and `false` in any case, nothing, or text. Quotes say nothing of what a value is, as many loggers put all in
//! quotes; in them `""` is a quote.

use std::borrow::Cow;

use memchr::memchr_iter;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till, take_while};
use nom::combinator::recognize;
use nom::multi::many0_count;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use super::emptied;
use super::value::{self, Value};

/// What values may be separated by, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, of which no other column is.
    pub name: String,
    /// Its unit; empty without one.
    pub unit: String,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A number, a truth, or nothing.
    Plain(Value<'a>),
    /// Anything else, without its quotes.
    Text(Cow<'a, str>),
}

/// What a line is.
#[derive(Debug, PartialEq)]
pub enum CsvLine<'a, 'r> {
    /// Nothing between two line ends.
    Empty,
    /// A remark, without its `#`.
    Remark(Cow<'a, str>),
    /// The columns of all lines that follow.
    Heading(&'r [Column]),
    /// A value for each column.
    Row(&'r [Column], &'r [Cell<'a>]),
    /// Another number of values than there are columns.
    Misfit {
        /// How many there are.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// Not separated values at all: what is wrong with it.
    Malformed(&'static str),
}

/// Where the columns are from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Origin {
    /// Nowhere yet.
    #[default]
    None,
    /// Counted in the first row.
    Counted,
    /// Named by a heading.
    Heading,
    /// Named by the user; a heading changes nothing.
    User,
}

/// Reads the lines of one stream.
#[derive(Debug, Default)]
pub struct CsvReader {
    separator: Option<u8>,
    columns: Vec<Column>,
    origin: Origin,
    /// How many values the line before had, if they were not as many as there are columns.
    misfit: Option<usize>,
    /// Always empty between lines.
    room: Vec<Cell<'static>>,
}

impl CsvReader {
    /// A reader that finds out what separates values if `separator` is `None`, and which columns
    /// there are if `names` is empty.
    pub fn new(separator: Option<u8>, names: &[String]) -> CsvReader {
        let origin = if names.is_empty() {
            Origin::None
        } else {
            Origin::User
        };
        CsvReader {
            separator,
            columns: columns(names.iter().map(String::as_str)),
            origin,
            ..CsvReader::default()
        }
    }

    /// Judges a line without its line end and tells it to `sink`.
    pub fn read<'a>(&mut self, line: &'a [u8], sink: impl FnOnce(CsvLine<'a, '_>)) {
        let mut line = line.strip_suffix(b"\r").unwrap_or(line);
        while let Some(shorter) = line.strip_suffix(b" ") {
            line = shorter;
        }
        // Some loggers begin a file with the mark of UTF-8.
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.is_empty() {
            return sink(CsvLine::Empty);
        }
        let remark = line.strip_prefix(b"#").map(<[u8]>::trim_ascii_start);
        let content = remark.unwrap_or(line);
        self.separator = self.separator.or_else(|| likeliest(content));
        let mut cells: Vec<Cell<'a>> = emptied(std::mem::take(&mut self.room), no_cell);
        match (
            split(content, self.separator.unwrap_or(b','), &mut cells),
            remark,
        ) {
            (Ok(()), None) => sink(self.judge(&cells)),
            (Err(why), None) => sink(CsvLine::Malformed(why)),
            (Ok(()), Some(_)) if cells.len() > 1 && self.is_unnamed() && is_heading(&cells) => {
                sink(self.head(&cells));
            }
            (_, Some(remark)) => sink(CsvLine::Remark(text(remark))),
        }
        self.room = emptied(cells, no_cell);
    }

    fn is_unnamed(&self) -> bool {
        matches!(self.origin, Origin::None | Origin::Counted)
    }

    fn judge<'a, 'r>(&'r mut self, cells: &'r [Cell<'a>]) -> CsvLine<'a, 'r> {
        let (found, expected) = (cells.len(), self.columns.len());
        let repeated = || columns(names(cells)) == self.columns;
        if is_heading(cells) {
            match self.origin {
                Origin::None | Origin::Counted => return self.head(cells),
                Origin::Heading if found != expected || repeated() => return self.head(cells),
                Origin::User if repeated() => return CsvLine::Heading(&self.columns),
                Origin::Heading | Origin::User => {}
            }
        }
        let before = self.misfit.replace(found);
        let is_believed = self.origin == Origin::None
            || self.origin != Origin::User && found != expected && before == Some(found);
        if is_believed {
            let numbered: Vec<String> = (1..=found).map(|column| format!("c{column}")).collect();
            self.columns = columns(numbered.iter().map(String::as_str));
            self.origin = Origin::Counted;
        } else if found != expected {
            return CsvLine::Misfit { found, expected };
        }
        self.misfit = None;
        CsvLine::Row(&self.columns, cells)
    }

    fn head(&mut self, cells: &[Cell<'_>]) -> CsvLine<'static, '_> {
        self.columns = columns(names(cells));
        (self.origin, self.misfit) = (Origin::Heading, None);
        CsvLine::Heading(&self.columns)
    }
}

fn names<'c>(cells: &'c [Cell<'_>]) -> impl Iterator<Item = &'c str> {
    cells.iter().map(|cell| match cell {
        Cell::Text(text) => text,
        Cell::Plain(_) => "",
    })
}

/// Whether all values are texts, as names are.
fn is_heading(cells: &[Cell<'_>]) -> bool {
    cells
        .iter()
        .all(|cell| matches!(cell, Cell::Text(text) if !text.is_empty()))
}

/// Columns with these names, each told apart from those before.
fn columns<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for told in names {
        let enclosed = [('[', ']'), ('(', ')')]
            .into_iter()
            .find_map(|(open, close)| {
                let (name, unit) = told.strip_suffix(close)?.split_once(open)?;
                Some((name.trim_end(), unit.trim())).filter(|(name, _)| !name.is_empty())
            });
        let (name, unit) = enclosed.unwrap_or((told, ""));
        let is_taken = |name: &str| columns.iter().any(|column| column.name == name);
        let mut others = (2..).map(|number| format!("{name}_{number}"));
        let name = if is_taken(name) {
            others.find(|name| !is_taken(name)).unwrap_or_default()
        } else {
            name.to_owned()
        };
        let unit = unit.to_owned();
        columns.push(Column { name, unit });
    }
    columns
}

/// Which separator a line has most of; none if it has none.
fn likeliest(line: &[u8]) -> Option<u8> {
    let count = |separator: u8| memchr_iter(separator, line).count();
    let most = SEPARATORS
        .map(count)
        .into_iter()
        .max()
        .filter(|most| *most > 0)?;
    SEPARATORS
        .into_iter()
        .find(|separator| count(*separator) == most)
}

fn no_cell<'b>(_: Cell<'_>) -> Cell<'b> {
    Cell::Plain(Value::Null)
}

fn split<'a>(line: &'a [u8], separator: u8, cells: &mut Vec<Cell<'a>>) -> Result<(), &'static str> {
    if line
        .iter()
        .any(|octet| *octet < b' ' && *octet != b'\t' || *octet == 0x7f)
    {
        return Err("control characters in it");
    }
    let mut rest = line;
    loop {
        let (after, cell) = match quoted(rest, separator) {
            Ok((after, inner)) if inner.contains(&b'"') => (after, Cell::Text(unquoted(inner))),
            Ok((after, inner)) => (after, typed(inner)),
            Err(_) if rest.trim_ascii_start().starts_with(b"\"") => {
                return Err("a quote that is not closed before the next separator");
            }
            Err(_) => {
                let (after, bare) = bare(rest, separator);
                (after, typed(bare.trim_ascii()))
            }
        };
        cells.push(cell);
        match after.split_first() {
            Some((_, after)) => rest = after,
            None => return Ok(()),
        }
    }
}

/// A value in quotes, which goes to the next separator or the end.
fn quoted(rest: &[u8], separator: u8) -> IResult<&[u8], &[u8]> {
    let inner = recognize(many0_count(alt((is_not("\""), tag("\"\"")))));
    let is_space = |octet: u8| matches!(octet, b' ' | b'\t') && octet != separator;
    let spaces = || take_while(is_space);
    let value = delimited(tag("\""), inner, tag("\""));
    let (after, inner) = delimited(spaces(), value, spaces()).parse(rest)?;
    if after.first().is_none_or(|octet| *octet == separator) {
        return Ok((after, inner));
    }
    let error = nom::error::Error::new(after, nom::error::ErrorKind::Tag);
    Err(nom::Err::Error(error))
}

fn bare(rest: &[u8], separator: u8) -> (&[u8], &[u8]) {
    let taken: IResult<&[u8], &[u8]> = take_till(|octet| octet == separator).parse(rest);
    taken.unwrap_or((&[], rest))
}

/// A quote stands for itself twice.
fn unquoted(inner: &[u8]) -> Cow<'_, str> {
    Cow::Owned(text(inner).replace("\"\"", "\""))
}

/// UTF-8, or else Latin-1.
fn text(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value::latin1(octets)),
    }
}

fn typed(token: &[u8]) -> Cell<'_> {
    let number = |token| match value::read(token) {
        Some((value, [], taken)) if taken == token.len() => Some(value),
        _ => None,
    };
    let is = |word: &str| token.eq_ignore_ascii_case(word.as_bytes());
    let plain = match token {
        [] => Some(Value::Null),
        [b'+', digits @ ..] if digits.first().is_some_and(u8::is_ascii_digit) => number(digits),
        [b'0'..=b'9' | b'-' | b'.' | b'+', ..] => number(token),
        _ if is("true") || is("false") => Some(Value::Truth(is("true"))),
        _ if is("nan") => Some(Value::Real(f64::NAN)),
        _ if is("inf") => Some(Value::Real(f64::INFINITY)),
        _ => None,
    };
    plain.map_or_else(|| Cell::Text(text(token)), Cell::Plain)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    /// What lines are, in short: names with units, or values; `!` before what is wrong.
    fn told(reader: &mut CsvReader, lines: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        for line in lines.split(|octet| *octet == b'\n') {
            reader.read(line, |line| {
                all.push(match line {
                    CsvLine::Empty => String::new(),
                    CsvLine::Remark(text) => format!("# {text}"),
                    CsvLine::Heading(columns) => columns.iter().fold("=".to_owned(), |all, one| {
                        format!("{all} {}~{}", one.name, one.unit)
                    }),
                    CsvLine::Row(columns, cells) => {
                        let pairs = columns.iter().zip(cells);
                        pairs.fold(String::new(), |all, (column, cell)| match cell {
                            Cell::Plain(value) => format!("{all} {}={value:?}", column.name),
                            Cell::Text(text) => format!("{all} {}={text}", column.name),
                        })
                    }
                    CsvLine::Misfit { found, expected } => format!("! {found} of {expected}"),
                    CsvLine::Malformed(why) => format!("! {why}"),
                });
            });
        }
        all
    }

    fn read(lines: &str) -> Vec<String> {
        told(&mut CsvReader::default(), lines.as_bytes())
    }

    #[test]
    fn a_heading_names_the_columns_and_their_units() {
        let got =
            read("t,bus [V],state,note (a)\r\n1.5,-12,IDLE,\"a, \"\"b\"\"\"\r\n+2,0x1F,,nan\r\n");
        assert_eq!(
            got,
            [
                "= t~ bus~V state~ note~a",
                " t=Real(1.5) bus=Whole(-12) state=IDLE note=a, \"b\"",
                " t=Whole(2) bus=Hexadecimal(31) state=Null note=Real(NaN)",
                ""
            ]
        );
    }

    #[test]
    fn the_separator_is_what_the_first_line_has_most_of() {
        assert_eq!(read("a;b,c;d\n1;2,5;x")[1], " a=Whole(1) b,c=2,5 d=x");
        assert_eq!(read("a\tb\n1\t2")[1], " a=Whole(1) b=Whole(2)");
        assert_eq!(read("4\n1,2")[1], "! 2 of 1");
        let mut spaces = CsvReader::new(Some(b' '), &["a".to_owned(), "b".to_owned()]);
        assert_eq!(
            told(&mut spaces, b"a b\n1 2"),
            ["= a~ b~", " a=Whole(1) b=Whole(2)"]
        );
    }

    #[test]
    fn streams_that_begin_or_break_in_the_middle_are_in_step_again() {
        // Half a line, then whole ones; the board restarts with another firmware.
        let got = read("5,6\n1,2,3\n4,5,6\nx,y,z\n7,8,9\n7,8\n7,8,9\nx,y,z\nv,w\n1,2");
        assert_eq!(
            got,
            [
                " c1=Whole(5) c2=Whole(6)",
                "! 3 of 2",
                " c1=Whole(4) c2=Whole(5) c3=Whole(6)",
                "= x~ y~ z~",
                " x=Whole(7) y=Whole(8) z=Whole(9)",
                "! 2 of 3",
                " x=Whole(7) y=Whole(8) z=Whole(9)",
                "= x~ y~ z~",
                "= v~ w~",
                " v=Whole(1) w=Whole(2)",
            ]
        );
        // Half a heading.
        assert_eq!(
            read("ts,amps\n1,2,3\n1,2,3")[1..],
            ["! 3 of 2", " c1=Whole(1) c2=Whole(2) c3=Whole(3)"]
        );
    }

    #[test]
    fn remarks_are_no_rows_and_may_be_the_heading() {
        let got = read("# board 7\n# t, volts\n1,2\n# a, b");
        assert_eq!(
            got,
            [
                "# board 7",
                "= t~ volts~",
                " t=Whole(1) volts=Whole(2)",
                "# a, b"
            ]
        );
    }

    #[test]
    fn what_is_no_row_is_told_with_its_reason() {
        let got = read("a,b\n\"1,2\n\"1\"x,2\n1\0,2\n\"\",2");
        let open = "! a quote that is not closed before the next separator";
        assert_eq!(
            got[1..],
            [
                open,
                open,
                "! control characters in it",
                " a=Null b=Whole(2)"
            ]
        );
        // A text column in a row of texts is no heading.
        assert_eq!(read("a,b\nIDLE,OK")[1], " a=IDLE b=OK");
        assert_eq!(
            read("x,x,x\n1,2,3")[1],
            " x=Whole(1) x_2=Whole(2) x_3=Whole(3)"
        );
        assert_eq!(read("a,b\n\u{b0}C,1")[1], " a=\u{b0}C b=Whole(1)");
        assert_eq!(
            told(&mut CsvReader::default(), b"a,b\n\xb0C,1")[1],
            " a=\u{b0}C b=Whole(1)"
        );
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(texts in vec("_[^\\x00-\\x1f\\x7f]{0,12}", 1..6)) {
            let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
            let line = texts.iter().map(quoted).collect::<Vec<_>>().join(";");
            let names: Vec<String> = (0..texts.len()).map(|number| format!("n{number}")).collect();
            let mut got = Vec::new();
            CsvReader::new(Some(b';'), &names).read(line.as_bytes(), |line| match line {
                CsvLine::Row(_, cells) => got.extend(cells.iter().map(|cell| format!("{cell:?}"))),
                other => got.push(format!("{other:?}")),
            });
            let expected = texts.iter().map(|text| format!("{:?}", Cell::Text(text.into())));
            prop_assert_eq!(got, expected.collect::<Vec<_>>());
        }

        #[test]
        fn a_row_has_a_value_for_each_column(lines in vec(vec(any::<u8>(), 0..30), 0..8)) {
            let mut reader = CsvReader::default();
            for line in &lines {
                reader.read(line, |line| if let CsvLine::Row(columns, cells) = line {
                    assert_eq!(columns.len(), cells.len());
                });
            }
        }
    }
}
