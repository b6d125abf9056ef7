//! The file: row groups, and what stands where in the footer (`parquet.thrift`,
//! <https://github.com/apache/parquet-format>).

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use super::column::{Column, Field, Kind, Values};
use super::page::{self, Body};
use super::thrift::Struct;

const MAGIC: &[u8] = b"PAR1";

/// Whether pages are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// They are not: fastest to write and to read.
    #[default]
    None,
    /// Snappy, which every reader of Parquet knows.
    Snappy,
}

/// Where the pages of a column are in one row group.
#[derive(Debug)]
struct Chunk {
    dictionary_at: Option<u64>,
    pages_at: u64,
    rows: usize,
    /// Octets with headers, before and after compression.
    sizes: (u64, u64),
}

/// Writes a table to a Parquet file. Without [`TableWriter::finish`] there is no footer, and no
/// reader takes the file.
#[derive(Debug)]
pub struct TableWriter<W> {
    out: W,
    at: u64,
    fields: Vec<Field>,
    /// Names and values for the footer.
    notes: Vec<(String, String)>,
    compression: Compression,
    groups: Vec<Vec<Chunk>>,
}

impl<W: Write> TableWriter<W> {
    /// Begins a table with these columns.
    ///
    /// # Errors
    /// If `out` takes nothing, or two columns have one name.
    pub fn new(mut out: W, fields: Vec<Field>, compression: Compression) -> io::Result<Self> {
        let mut names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(refused(format!("there are two columns `{twice}`")));
        }
        out.write_all(MAGIC)?;
        Ok(TableWriter {
            out,
            at: MAGIC.len() as u64,
            fields,
            notes: Vec::new(),
            compression,
            groups: Vec::new(),
        })
    }

    /// Adds a name and a value to the file's footer: units, versions, where the rows came from.
    pub fn note(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.notes.push((name.into(), value.into()));
    }

    /// Writes a row group: a column for each field, all of the same height. A group of no rows is
    /// left out. Groups of 100,000 to a few million rows are read fastest.
    ///
    /// # Errors
    /// If `out` takes nothing more, a column does not fit its field, or a page has more than 2 GiB.
    pub fn write(&mut self, columns: &[Column<'_>]) -> io::Result<()> {
        let rows = columns.first().map_or(0, Column::rows);
        if columns.len() != self.fields.len() {
            let (got, want) = (columns.len(), self.fields.len());
            return Err(refused(format!("{got} columns for {want} fields")));
        }
        for (column, field) in columns.iter().zip(&self.fields) {
            fit(column, field, rows).map_err(refused)?;
        }
        if rows == 0 {
            return Ok(());
        }
        let mut chunks = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let nullable = self.fields[at].nullable;
            chunks.push(self.chunk(column, nullable)?);
        }
        self.groups.push(chunks);
        Ok(())
    }

    /// Writes the footer, and gives back what was written to.
    ///
    /// # Errors
    /// If `out` takes nothing more.
    pub fn finish(mut self) -> io::Result<W> {
        let footer = self.footer();
        self.out.write_all(&footer)?;
        self.out.write_all(&count(footer.len())?.to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn chunk(&mut self, column: &Column<'_>, nullable: bool) -> io::Result<Chunk> {
        let rows = column.rows();
        let mut chunk = Chunk {
            dictionary_at: None,
            pages_at: self.at,
            rows,
            sizes: (0, 0),
        };
        let mut encoding = page::PLAIN;
        if let Some((words, body)) = page::dictionary(column.values) {
            chunk.dictionary_at = Some(self.at);
            self.page(&body, (true, words, page::PLAIN), &mut chunk.sizes)?;
            chunk.pages_at = self.at;
            encoding = page::DICTIONARY;
        }
        let body = page::values(column, nullable);
        self.page(&body, (false, rows, encoding), &mut chunk.sizes)?;
        Ok(chunk)
    }

    fn page(
        &mut self,
        body: &Body<'_>,
        (is_dictionary, values, encoding): (bool, usize, i32),
        sizes: &mut (u64, u64),
    ) -> io::Result<()> {
        let plain = body.len();
        let packed = match self.compression {
            Compression::None => None,
            Compression::Snappy => {
                let whole: Cow<'_, [u8]> = if body.head.is_empty() {
                    Cow::Borrowed(body.rest)
                } else {
                    Cow::Owned([&body.head, body.rest].concat())
                };
                let packed = snap::raw::Encoder::new().compress_vec(&whole);
                Some(packed.map_err(|error| refused(error.to_string()))?)
            }
        };
        let length = packed.as_ref().map_or(plain, Vec::len);
        let lengths = (count(plain)?, count(length)?);
        let header = page::header(is_dictionary, count(values)?, encoding, lengths);
        self.out.write_all(&header)?;
        if let Some(packed) = &packed {
            self.out.write_all(packed)?;
        } else {
            self.out.write_all(&body.head)?;
            self.out.write_all(body.rest)?;
        }
        sizes.0 += (header.len() + plain) as u64;
        sizes.1 += (header.len() + length) as u64;
        self.at += (header.len() + length) as u64;
        Ok(())
    }

    /// `FileMetaData`.
    fn footer(&self) -> Vec<u8> {
        let root = Struct::new()
            .text(4, "table")
            .i32(5, i32::try_from(self.fields.len()).unwrap_or(i32::MAX));
        let schema: Vec<Struct> = std::iter::once(root)
            .chain(self.fields.iter().map(element))
            .collect();
        let rows: usize = self.groups.iter().map(|group| group[0].rows).sum();
        let groups = self.groups.iter().map(|group| self.row_group(group));
        let footer = Struct::new()
            .i32(1, 1)
            .inners(2, schema.into_iter())
            .i64(3, long(rows))
            .inners(4, groups);
        let notes = self
            .notes
            .iter()
            .map(|(name, value)| Struct::new().text(1, name).text(2, value));
        let footer = if self.notes.is_empty() {
            footer
        } else {
            footer.inners(5, notes)
        };
        let writer = concat!("bench version ", env!("CARGO_PKG_VERSION"));
        footer.text(6, writer).end()
    }

    /// `RowGroup`.
    fn row_group(&self, group: &[Chunk]) -> Struct {
        let columns = group.iter().zip(&self.fields);
        let sum = |size: fn(&Chunk) -> u64| group.iter().map(size).sum::<u64>().cast_signed();
        Struct::new()
            .inners(
                1,
                columns.map(|(chunk, field)| self.column_chunk(chunk, field)),
            )
            .i64(2, sum(|chunk| chunk.sizes.0))
            .i64(3, long(group[0].rows))
            .i64(6, sum(|chunk| chunk.sizes.1))
    }

    /// `ColumnChunk` with its `ColumnMetaData`.
    fn column_chunk(&self, chunk: &Chunk, field: &Field) -> Struct {
        let encodings = match chunk.dictionary_at {
            None => [page::PLAIN, page::RLE].to_vec(),
            Some(_) => [page::PLAIN, page::RLE, page::DICTIONARY].to_vec(),
        };
        let codec = match self.compression {
            Compression::None => 0,
            Compression::Snappy => 1,
        };
        let column = Struct::new()
            .i32(1, physical(field.kind))
            .i32s(2, &encodings)
            .texts(3, &[&field.name])
            .i32(4, codec)
            .i64(5, long(chunk.rows))
            .i64(6, chunk.sizes.0.cast_signed())
            .i64(7, chunk.sizes.1.cast_signed())
            .i64(9, chunk.pages_at.cast_signed());
        let column = match chunk.dictionary_at {
            None => column,
            Some(at) => column.i64(11, at.cast_signed()),
        };
        let at = chunk.dictionary_at.unwrap_or(chunk.pages_at);
        Struct::new().i64(2, at.cast_signed()).inner(3, column)
    }
}

/// `SchemaElement` of a column.
fn element(field: &Field) -> Struct {
    let element = Struct::new()
        .i32(1, physical(field.kind))
        .i32(3, i32::from(field.nullable))
        .text(4, &field.name);
    // `ConvertedType` for old readers, `LogicalType` for new ones.
    match field.kind {
        Kind::F64 | Kind::I64 | Kind::Bool => element,
        Kind::Utf8 => element
            .i32(6, 0)
            .inner(10, Struct::new().inner(1, Struct::new())),
        Kind::U64 => {
            let integer = Struct::new().i8(1, 64).bool(2, false);
            element
                .i32(6, 14)
                .inner(10, Struct::new().inner(10, integer))
        }
        Kind::Timestamp => {
            let micros = Struct::new().inner(2, Struct::new());
            let timestamp = Struct::new().bool(1, true).inner(2, micros);
            element
                .i32(6, 10)
                .inner(10, Struct::new().inner(8, timestamp))
        }
    }
}

/// `Type`.
fn physical(kind: Kind) -> i32 {
    match kind {
        Kind::Bool => 0,
        Kind::I64 | Kind::U64 | Kind::Timestamp => 2,
        Kind::F64 => 5,
        Kind::Utf8 => 6,
    }
}

fn fit(column: &Column<'_>, field: &Field, rows: usize) -> Result<(), String> {
    let name = &field.name;
    if !column.values.fits(field.kind) {
        return Err(format!(
            "column `{name}` has values that are not {:?}",
            field.kind
        ));
    }
    if column.rows() != rows {
        let has = column.rows();
        return Err(format!(
            "column `{name}` has {has} rows, the first column {rows}"
        ));
    }
    let (filled, values) = (column.filled(), column.values.len());
    if filled != values {
        return Err(format!(
            "column `{name}` has {values} values for {filled} rows"
        ));
    }
    if filled != rows && !field.nullable {
        return Err(format!("column `{name}` must have a value in each row"));
    }
    if let Values::Words { words, places } = column.values
        && places.iter().any(|&place| place as usize >= words.len())
    {
        return Err(format!("column `{name}` has a place beyond its words"));
    }
    Ok(())
}

fn count(count: usize) -> io::Result<i32> {
    i32::try_from(count).map_err(|_| refused("a page of more than 2 GiB".to_owned()))
}

fn long(count: usize) -> i64 {
    (count as u64).cast_signed()
}

fn refused(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}
