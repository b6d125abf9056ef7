//! Files as a reader finds them: a reader of its own, that knows the formats and nothing of the
//! writer.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// What Thrift's compact protocol can say, without names.
#[derive(Clone, Debug, PartialEq)]
enum Thrift {
    Number(i64),
    Bool(bool),
    Text(Vec<u8>),
    List(Vec<Thrift>),
    Struct(BTreeMap<i64, Thrift>),
}

impl Thrift {
    fn field(&self, id: i64) -> &Thrift {
        match self {
            Thrift::Struct(fields) => &fields[&id],
            other => panic!("{other:?} has no field {id}"),
        }
    }

    fn number(&self, id: i64) -> usize {
        match self.field(id) {
            Thrift::Number(number) => usize::try_from(*number).unwrap(),
            other => panic!("{other:?} is no number"),
        }
    }

    fn list(&self, id: i64) -> &[Thrift] {
        match self.field(id) {
            Thrift::List(list) => list,
            other => panic!("{other:?} is no list"),
        }
    }

    fn text(&self, id: i64) -> &str {
        match self.field(id) {
            Thrift::Text(text) => std::str::from_utf8(text).unwrap(),
            other => panic!("{other:?} is no text"),
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn octet(&mut self) -> u8 {
        let octet = self.0[0];
        self.0 = &self.0[1..];
        octet
    }

    fn varint(&mut self) -> u64 {
        let octet = self.octet();
        let low = u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            low
        } else {
            low | self.varint() << 7
        }
    }

    fn value(&mut self, kind: u8) -> Thrift {
        match kind {
            1 | 2 => Thrift::Bool(kind == 1),
            3 => Thrift::Number(i64::from(self.octet())),
            4..=6 => {
                let raw = self.varint();
                Thrift::Number((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
            }
            8 => {
                let length = self.varint() as usize;
                let (text, rest) = self.0.split_at(length);
                self.0 = rest;
                Thrift::Text(text.to_vec())
            }
            9 => {
                let head = self.octet();
                let length = match head >> 4 {
                    15 => self.varint() as usize,
                    length => usize::from(length),
                };
                Thrift::List((0..length).map(|_| self.value(head & 15)).collect())
            }
            12 => {
                let (mut fields, mut id) = (BTreeMap::new(), 0);
                loop {
                    let head = self.octet();
                    if head == 0 {
                        return Thrift::Struct(fields);
                    }
                    id += i64::from(head >> 4);
                    fields.insert(id, self.value(head & 15));
                }
            }
            kind => panic!("no type {kind}"),
        }
    }
}

fn footer(file: &[u8]) -> Thrift {
    let (rest, magic) = file.split_last_chunk::<4>().unwrap();
    assert_eq!((magic, &file[..4]), (b"PAR1", b"PAR1".as_slice()));
    let (rest, length) = rest.split_last_chunk::<4>().unwrap();
    let start = rest.len() - u32::from_le_bytes(*length) as usize;
    let mut reader = Reader(&rest[start..]);
    let footer = reader.value(12);
    assert!(reader.0.is_empty());
    footer
}

/// The page at `at`: its header, its content uncompressed, and where the next one is.
fn page(file: &[u8], at: usize, packed: bool) -> (Thrift, Vec<u8>, usize) {
    let mut reader = Reader(&file[at..]);
    let header = reader.value(12);
    let body = &reader.0[..header.number(3)];
    let next = file.len() - reader.0.len() + body.len();
    let body = if packed {
        snap::raw::Decoder::new().decompress_vec(body).unwrap()
    } else {
        body.to_vec()
    };
    assert_eq!(body.len(), header.number(2));
    (header, body, next)
}

fn written(compression: Compression, groups: &[Vec<Column<'_>>]) -> Vec<u8> {
    let fields = vec![
        Field::required("at", Kind::Timestamp),
        Field::nullable("bus V", Kind::F64),
        Field::required("count", Kind::U64),
        Field::required("name", Kind::Utf8),
        Field::nullable("on", Kind::Bool),
    ];
    let mut writer = TableWriter::new(Vec::new(), fields, compression).unwrap();
    writer.note("made from", "a test");
    for group in groups {
        writer.write(group).unwrap();
    }
    writer.finish().unwrap()
}

fn small() -> Vec<Column<'static>> {
    let nulls = |values, present| Column { values, present };
    vec![
        Column::full(Values::I64(&[-1, 0, 1_700_000_000_000_000])),
        nulls(
            Values::F64(&[27.95, f64::NAN]),
            Present::Each(&[true, false, true]),
        ),
        Column::full(Values::U64(&[0, 1, u64::MAX])),
        Column::full(Values::Words {
            words: &["a", "°C"],
            places: &[1, 0, 1],
        }),
        nulls(
            Values::Bool(&[true]),
            Present::Runs(&[(2, false), (1, true)]),
        ),
    ]
}

#[test]
fn the_footer_says_what_is_where() {
    for compression in [Compression::None, Compression::Snappy] {
        let file = written(compression, &[small(), small()]);
        let footer = footer(&file);
        assert_eq!(footer.number(3), 6);
        let names: Vec<&str> = footer.list(2)[1..]
            .iter()
            .map(|field| field.text(4))
            .collect();
        assert_eq!(names, ["at", "bus V", "count", "name", "on"]);
        assert_eq!(footer.list(5)[0].text(2), "a test");
        let mut at = 4;
        for chunk in footer.list(4).iter().flat_map(|group| group.list(1)) {
            let column = chunk.field(3);
            assert_eq!(chunk.number(2), at);
            let packed = compression == Compression::Snappy;
            if column.text_of_path() == "name" {
                assert_eq!(column.number(11), at);
                let (header, words, next) = page(&file, at, packed);
                assert_eq!((header.number(1), header.field(7).number(1)), (2, 2));
                assert_eq!(words, b"\x01\0\0\0a\x03\0\0\0\xc2\xb0C");
                at = next;
            }
            assert_eq!(column.number(9), at);
            let (header, _, next) = page(&file, at, packed);
            assert_eq!(header.field(5).number(1), 3);
            assert_eq!(column.number(7), next - chunk.number(2));
            at = next;
        }
    }
}

impl Thrift {
    fn text_of_path(&self) -> String {
        match &self.list(3)[0] {
            Thrift::Text(text) => String::from_utf8(text.clone()).unwrap(),
            other => panic!("{other:?} is no text"),
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let why = |change: fn(&mut Vec<Column<'static>>)| {
        let mut columns = small();
        change(&mut columns);
        let fields = vec![
            Field::required("at", Kind::Timestamp),
            Field::nullable("bus V", Kind::F64),
        ];
        columns.truncate(2);
        let mut writer = TableWriter::new(Vec::new(), fields, Compression::None).unwrap();
        writer.write(&columns).unwrap_err().to_string()
    };
    insta::assert_snapshot!(why(|columns| columns.truncate(1)), @"1 columns for 2 fields");
    insta::assert_snapshot!(
        why(|columns| columns[0].values = Values::I64(&[1])),
        @"column `bus V` has 3 rows, the first column 1"
    );
    insta::assert_snapshot!(
        why(|columns| columns[1].values = Values::F64(&[1.0])),
        @"column `bus V` has 1 values for 2 rows"
    );
    insta::assert_snapshot!(
        why(|columns| columns[1].values = Values::U64(&[1, 2])),
        @"column `bus V` has values that are not F64"
    );
    let twice = vec![Field::required("a", Kind::F64); 2];
    let twice = TableWriter::new(Vec::new(), twice, Compression::None).unwrap_err();
    insta::assert_snapshot!(twice, @"there are two columns `a`");
}

proptest! {
    #[test]
    fn numbers_are_read_as_they_were_written(
        values in proptest::collection::vec(any::<Option<f64>>(), 1..40),
        snappy in any::<bool>(),
    ) {
        let compression = if snappy { Compression::Snappy } else { Compression::None };
        let fields = vec![Field::nullable("x", Kind::F64)];
        let mut writer = TableWriter::new(Vec::new(), fields, compression).unwrap();
        let there: Vec<bool> = values.iter().map(Option::is_some).collect();
        let numbers: Vec<f64> = values.iter().copied().flatten().collect();
        let present = Present::Each(&there);
        writer.write(&[Column { values: Values::F64(&numbers), present }]).unwrap();
        let file = writer.finish().unwrap();
        let (_, body, _) = page(&file, 4, snappy);
        let levels = u32::from_le_bytes(*body.first_chunk().unwrap()) as usize;
        let octets: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        prop_assert_eq!(&body[4 + levels..], &octets[..]);
    }
}
