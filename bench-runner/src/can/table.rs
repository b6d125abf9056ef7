//! A Parquet table: a row for each frame that the database has, a column for each signal.
//!
//! In each row group the rows stand by message, and in the order of the log within a message: a
//! column is then empty in one stretch, which costs nothing. `line` and `t` have the log's order.

use std::fs::File;
use std::io;

use drivers::link::can::candump::Kind;
use drivers::telemetry::dbc::columns::{Column, Gathered, Numbers};
use drivers::telemetry::dbc::{Database, Message};
use reports::columns::{self, Field, Present, TableWriter, Values};

use super::Line;

/// Frames of a row group: some 50 MB of values, and a footer that stays small.
const GROUP: usize = 1 << 19;

/// Writes the values of a log as a table.
pub struct TableForm<'a> {
    database: &'a Database,
    gathered: Gathered,
    /// By message and signal.
    columns: Vec<Vec<Column>>,
    /// Names of the interfaces, in the order in which they were met.
    interfaces: Vec<Vec<u8>>,
    /// `None`: the values are made and forgotten.
    out: Option<TableWriter<File>>,
    undefined: u64,
}

impl<'a> TableForm<'a> {
    /// Decodes into columns, and forgets them: for measuring.
    pub fn forgotten(database: &'a Database) -> TableForm<'a> {
        let columns = database.messages().iter();
        TableForm {
            database,
            gathered: Gathered::new(database),
            columns: columns
                .map(|message| message.signals().iter().map(Column::of).collect())
                .collect(),
            interfaces: Vec::new(),
            out: None,
            undefined: 0,
        }
    }

    /// Writes a table to `file`; `notes` go to its footer.
    ///
    /// # Errors
    /// If the file takes nothing.
    pub fn written(
        database: &'a Database,
        file: File,
        compression: columns::Compression,
        notes: &[(&str, String)],
    ) -> io::Result<TableForm<'a>> {
        let mut form = TableForm::forgotten(database);
        let mut writer = TableWriter::new(file, fields(database, &form.columns), compression)?;
        for (name, value) in notes {
            writer.note(*name, value);
        }
        for message in database.messages() {
            for signal in message
                .signals()
                .iter()
                .filter(|signal| !signal.unit().is_empty())
            {
                let name = format!("unit:{}.{}", message.name(), signal.name());
                writer.note(name, signal.unit());
            }
        }
        form.out = Some(writer);
        Ok(form)
    }

    /// Takes a line; `false` if it is no frame that the database has.
    #[inline]
    pub(super) fn line(&mut self, line: &Line<'_>) -> io::Result<bool> {
        if !matches!(line.frame.kind, Kind::Data | Kind::Fd(_)) {
            return Ok(false);
        }
        let interface = self.interface(line.interface());
        if !self.gathered.push(line.number, interface, line.frame) {
            return Ok(false);
        }
        if self.gathered.frames() == GROUP {
            self.group()?;
        }
        Ok(true)
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.group()?;
        match self.out.take() {
            Some(writer) => writer.finish()?.sync_data(),
            None => Ok(()),
        }
    }

    pub(super) fn undefined(&self) -> u64 {
        self.undefined
    }

    fn interface(&mut self, name: &[u8]) -> u32 {
        let known = self.interfaces.iter().position(|known| known == name);
        let number = known.unwrap_or_else(|| {
            self.interfaces.push(name.to_vec());
            self.interfaces.len() - 1
        });
        number as u32
    }

    fn group(&mut self) -> io::Result<()> {
        let messages = self.database.messages();
        let mut before = 0;
        let frames = self.gathered.frames();
        for ((message, rows), columns) in messages
            .iter()
            .zip(self.gathered.rows())
            .zip(&mut self.columns)
        {
            let behind = frames - before - rows.len();
            for (at, column) in columns.iter_mut().enumerate() {
                column.clear();
                column.skip(before);
                column.read(message, at, rows);
                column.skip(behind);
            }
            before += rows.len();
            self.undefined += rows.undefined(message);
        }
        self.write()?;
        self.gathered.clear();
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let Some(writer) = &mut self.out else {
            return Ok(());
        };
        let rows = || self.gathered.rows().iter();
        let lines: Vec<u64> = rows().flat_map(|rows| &rows.lines).copied().collect();
        let micros: Vec<i64> = rows().flat_map(|rows| &rows.micros).copied().collect();
        let places: Vec<u32> = rows().flat_map(|rows| &rows.interfaces).copied().collect();
        let names: Vec<_> = self
            .interfaces
            .iter()
            .map(|name| String::from_utf8_lossy(name))
            .collect();
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let messages = self.database.messages();
        let words: Vec<&str> = messages.iter().map(Message::name).collect();
        let message_places: Vec<u32> = rows()
            .enumerate()
            .flat_map(|(at, rows)| std::iter::repeat_n(at as u32, rows.len()))
            .collect();
        let mut columns = vec![
            columns::Column::full(Values::U64(&lines)),
            columns::Column::full(Values::I64(&micros)),
            columns::Column::full(Values::Words {
                words: &names,
                places: &places,
            }),
            columns::Column::full(Values::Words {
                words: &words,
                places: &message_places,
            }),
        ];
        columns.extend(self.columns.iter().flatten().map(|column| columns::Column {
            values: match &column.numbers {
                Numbers::Real(values) => Values::F64(values),
                Numbers::Signed(values) => Values::I64(values),
                Numbers::Unsigned(values) => Values::U64(values),
            },
            present: Present::Runs(&column.present),
        }));
        writer.write(&columns)
    }
}

fn fields(database: &Database, columns: &[Vec<Column>]) -> Vec<Field> {
    use reports::columns::Kind::{F64, I64, Timestamp, U64, Utf8};
    let mut fields = vec![
        Field::required("line", U64),
        Field::required("t", Timestamp),
        Field::required("interface", Utf8),
        Field::required("message", Utf8),
    ];
    for (message, columns) in database.messages().iter().zip(columns) {
        for (signal, column) in message.signals().iter().zip(columns) {
            let kind = match column.numbers {
                Numbers::Real(_) => F64,
                Numbers::Signed(_) => I64,
                Numbers::Unsigned(_) => U64,
            };
            let name = format!("{}.{}", message.name(), signal.name());
            fields.push(Field::nullable(name, kind));
        }
    }
    fields
}
