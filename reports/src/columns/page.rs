//! The pages of one column: `Encodings.md` for what is in them.

use super::column::{Column, Values};
use super::levels;
use super::thrift::Struct;

/// `Encoding.PLAIN`.
pub(super) const PLAIN: i32 = 0;
/// `Encoding.RLE`.
pub(super) const RLE: i32 = 3;
/// `Encoding.RLE_DICTIONARY`.
pub(super) const DICTIONARY: i32 = 8;

/// The octets of a page behind its header, in two pieces so that numbers need no copy.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) head: Vec<u8>,
    pub(super) rest: &'a [u8],
}

impl Body<'_> {
    pub(super) fn len(&self) -> usize {
        self.head.len() + self.rest.len()
    }
}

/// The dictionary of a column that has one.
pub(super) fn dictionary(values: Values<'_>) -> Option<(usize, Body<'static>)> {
    let Values::Words { words, .. } = values else {
        return None;
    };
    let mut head = Vec::new();
    texts(words, &mut head);
    Some((words.len(), Body { head, rest: &[] }))
}

/// The page of all values.
pub(super) fn values<'a>(column: &Column<'a>, nullable: bool) -> Body<'a> {
    let mut head = Vec::new();
    if nullable {
        levels::definition(column.present, column.rows(), &mut head);
    }
    let mut rest: &[u8] = &[];
    match column.values {
        Values::F64(values) => numbers(values, f64::to_le_bytes, &mut head, &mut rest),
        Values::I64(values) => numbers(values, i64::to_le_bytes, &mut head, &mut rest),
        Values::U64(values) => numbers(values, u64::to_le_bytes, &mut head, &mut rest),
        Values::Utf8(values) => texts(values, &mut head),
        Values::Words { words, places } => {
            let width = levels::width((words.len() as u32).saturating_sub(1));
            head.push(width as u8);
            levels::hybrid(places.iter().copied(), width, &mut head);
        }
        Values::Bool(values) => head.extend(values.chunks(8).map(|group| {
            let bits = group.iter().rev();
            bits.fold(0, |bits, &value| bits << 1 | u8::from(value))
        })),
    }
    Body { head, rest }
}

fn numbers<'a, T: bytemuck::NoUninit>(
    values: &'a [T],
    octets: impl Fn(T) -> [u8; 8],
    head: &mut Vec<u8>,
    rest: &mut &'a [u8],
) {
    if cfg!(target_endian = "little") {
        *rest = bytemuck::cast_slice(values);
    } else {
        head.extend(values.iter().flat_map(|&value| octets(value)));
    }
}

fn texts(values: &[&str], out: &mut Vec<u8>) {
    for value in values {
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        out.extend_from_slice(value.as_bytes());
    }
}

/// `PageHeader` of a page of `values` values; `sizes` is before and after compression.
pub(super) fn header(
    is_dictionary: bool,
    values: i32,
    encoding: i32,
    sizes: (i32, i32),
) -> Vec<u8> {
    let header = Struct::new()
        .i32(1, if is_dictionary { 2 } else { 0 })
        .i32(2, sizes.0)
        .i32(3, sizes.1);
    let inner = Struct::new().i32(1, values).i32(2, encoding);
    if is_dictionary {
        header.inner(7, inner)
    } else {
        header.inner(5, inner.i32(3, RLE).i32(4, RLE))
    }
    .end()
}
