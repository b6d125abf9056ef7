//! Lines of text: a line of JSON for each, empty and wrong ones too.

use std::collections::BTreeMap;

use drivers::telemetry::framing::split::{Piece, Splitter};
use drivers::telemetry::text::{CsvReader, Judged, LineReader, Pair, Told, Value, latin1};

use super::{Counts, Json, LONGEST, separated};

/// A stream of lines.
#[derive(Debug)]
pub(super) struct Lines {
    splitter: Splitter,
    teller: Teller,
}

/// Who takes lines apart.
#[derive(Debug)]
pub(super) enum Reader {
    Marked(LineReader),
    Separated(CsvReader),
}

#[derive(Debug)]
struct Teller {
    reader: Reader,
    lines: u64,
    states: BTreeMap<&'static str, u64>,
    notes: bool,
}

impl Lines {
    pub(super) fn new(reader: Reader, notes: bool) -> Lines {
        Lines {
            splitter: Splitter::lines(LONGEST),
            teller: Teller {
                reader,
                lines: 0,
                states: BTreeMap::new(),
                notes,
            },
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Json) {
        let Lines { splitter, teller } = self;
        splitter.push(chunk, |piece| teller.line(&piece, out));
    }

    /// The end of the stream is as good as the end of a line.
    pub(super) fn finish(&mut self, out: &mut Json) {
        let Lines { splitter, teller } = self;
        splitter.finish(|piece| teller.line(&piece, out));
        if teller.notes {
            out.line(|line| {
                line.plain("lines").unsigned(teller.lines);
                for (state, count) in &teller.states {
                    line.plain(state).unsigned(*count);
                }
            });
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |state| self.teller.states.get(state).copied().unwrap_or(0);
        let good = of("ok");
        let no_rows = of("empty") + of("heading") + of("remark");
        Counts {
            good,
            bad: self.teller.lines - good - no_rows,
            skipped: 0,
            lost: 0,
            clock: None,
        }
    }
}

impl Teller {
    fn line(&mut self, piece: &Piece<'_>, out: &mut Json) {
        self.lines += 1;
        let number = self.lines;
        let state = match &mut self.reader {
            Reader::Marked(reader) => marked(reader, number, piece.octets, out),
            // What was not kept of a line may hold any number of values.
            Reader::Separated(_) if piece.length > LONGEST as u64 => {
                separated::malformed(number, "longer than a line can be", out)
            }
            Reader::Separated(reader) => {
                separated::tell(reader, (number, self.notes), piece.octets, out)
            }
        };
        *self.states.entry(state).or_default() += 1;
    }
}

fn marked(reader: &mut LineReader, number: u64, octets: &[u8], out: &mut Json) -> &'static str {
    let judged = reader.read(octets, |told| {
        out.line(|line| {
            line.plain("ln").unsigned(number);
            line.plain("st").text("ok");
            tell(&told, line);
        });
    });
    let state = match judged {
        Judged::Good => return "ok",
        Judged::Empty => "empty",
        Judged::BadChecksum => "bad_checksum",
        Judged::Malformed => "malformed",
    };
    out.line(|line| {
        line.plain("ln").unsigned(number);
        line.plain("st").text(state);
    });
    state
}

fn tell(told: &Told<'_, '_>, line: &mut Json) {
    match told {
        Told::Pairs {
            count,
            seconds,
            pairs,
        } => {
            line.plain("kind").text("K");
            line.plain("seq").unsigned(*count);
            line.plain("t").real(*seconds);
            line.plain("kv").object(|told| {
                for (pair, last) in distinct(pairs) {
                    told.key(&latin1(pair.key));
                    value(&last.value, told);
                }
            });
            if pairs.iter().any(|pair| !pair.unit.is_empty()) {
                line.plain("unit").object(|told| {
                    for (pair, last) in distinct(pairs) {
                        if !last.unit.is_empty() {
                            told.key(&latin1(pair.key)).text(&latin1(last.unit));
                        }
                    }
                });
            }
        }
        Told::Sentence {
            talker,
            kind,
            fields,
        } => {
            line.plain("kind").text("N");
            line.plain("talker").text(&latin1(talker));
            line.plain("type").text(&latin1(kind));
            line.plain("fields").array(|told| {
                for field in fields
                    .iter()
                    .flat_map(|fields| fields.split(|octet| *octet == b','))
                {
                    told.text(&latin1(field));
                }
            });
        }
    }
}

/// Each key once, where it first stands, with the last pair of that key: an object of JSON has
/// each key once, and a value that is told again replaces the one before.
fn distinct<'p, 'a>(pairs: &'p [Pair<'a>]) -> impl Iterator<Item = (&'p Pair<'a>, &'p Pair<'a>)> {
    pairs.iter().enumerate().filter_map(|(index, pair)| {
        let same = |other: &&Pair<'a>| other.key == pair.key;
        let first = !pairs[..index].iter().any(|other| same(&other));
        let last = pairs[index..].iter().rfind(same)?;
        first.then_some((pair, last))
    })
}

pub(super) fn value(value: &Value<'_>, told: &mut Json) {
    match value {
        Value::Null => told.null(),
        Value::Whole(number) => told.signed(*number),
        Value::Hexadecimal(number) => told.unsigned(*number),
        Value::Real(number) => told.real(*number),
        Value::Truth(truth) => told.truth(*truth),
        Value::Word(_) | Value::Quoted(_) => told.text(&value.text().unwrap_or_default()),
    }
}
