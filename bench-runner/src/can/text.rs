//! Frames as people read them: the forms of candump, and what a frame says behind it.

use std::fmt::Write;

use drivers::link::can::candump::write as write_log;
use drivers::link::can::{BusFrame, CanId};
use drivers::telemetry::dbc::{Cycles, Database, Late, Message};

/// The forms of candump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// As `candump -L` has it, and as `bench can decode` and `replay` read it
    Log,
    /// Times since 1970, as `candump -ta` has it
    Absolute,
    /// Times since the frame before, as `candump -td` has it
    Delta,
    /// Times since the first frame, as `candump -tz` has it
    Zero,
}

/// Writes frames, and what they say.
pub struct TextForm<'a> {
    style: Style,
    database: Option<&'a Database>,
    cycles: Option<Cycles>,
    first: Option<i64>,
    last: i64,
    /// Messages that came late.
    late: u64,
}

impl<'a> TextForm<'a> {
    /// Frames in this form; with a database also their signals, and which of them come later than
    /// their cycle by more than half of it.
    pub fn new(style: Style, database: Option<&'a Database>) -> TextForm<'a> {
        /// Jitter of half a cycle is common where several messages share a bus.
        const SLACK: f64 = 0.5;
        TextForm {
            style,
            database,
            cycles: database.map(|database| Cycles::new(database, SLACK)),
            first: None,
            last: 0,
            late: 0,
        }
    }

    /// How many messages came late.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Appends a frame with the end of its line, and its signals on a line of their own.
    pub fn frame(&mut self, micros: i64, interface: &str, frame: &BusFrame, out: &mut String) {
        let first = *self.first.get_or_insert(micros);
        match self.style {
            Style::Log => write_log(micros, interface, frame, out),
            Style::Absolute => long(micros, interface, frame, out),
            Style::Zero => long(micros - first, interface, frame, out),
            Style::Delta => {
                let before = if self.last == 0 { micros } else { self.last };
                long(micros - before, interface, frame, out);
            }
        }
        self.last = micros;
        out.push('\n');
        let (Some(database), Some(id)) = (self.database, frame.id()) else {
            return;
        };
        let found = database
            .messages()
            .iter()
            .position(|message| message.id() == id);
        let Some(at) = found.filter(|_| !matches!(frame, BusFrame::Remote(_))) else {
            return;
        };
        let message = &database.messages()[at];
        signals(message, frame.data(), out);
        let cycles = self.cycles.as_mut();
        if let Some(late) = cycles.and_then(|cycles| cycles.came(at, message, micros)) {
            self.late += 1;
            let Late { after_us, cycle } = late;
            let after = after_us as f64 / 1e3;
            put(
                out,
                format_args!("  LATE: {after} ms after the last one, expected each {cycle}"),
            );
        }
        out.push('\n');
    }
}

/// ` (0.000000)  can0  305   [8]  C3 B3 EC 1E AD 1F 3C C4`
fn long(micros: i64, interface: &str, frame: &BusFrame, out: &mut String) {
    let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    put(
        out,
        format_args!(" ({seconds:03}.{rest:06})  {interface}  "),
    );
    let length = frame.data().len();
    match frame {
        BusFrame::Data(frame) => put(out, format_args!("{}   [{length}] ", frame.id)),
        BusFrame::Fd(frame) => put(out, format_args!("{}  [{length:02}] ", frame.id)),
        BusFrame::Remote(frame) => {
            put(
                out,
                format_args!("{}   [{}]  remote request", frame.id, frame.length),
            );
        }
        BusFrame::Error(frame) => put(out, format_args!("ERRORFRAME  {frame}")),
    }
    for octet in frame.data() {
        put(out, format_args!(" {octet:02X}"));
    }
}

/// `    ACC_POWER  vbus=27.95 V  mode=idle`
fn signals(message: &Message, data: &[u8], out: &mut String) {
    put(out, format_args!("    {}", message.name()));
    if message.selects_nothing(data) {
        put(out, format_args!("  undefined multiplexer"));
    }
    for (at, raw) in message.told(data) {
        let signal = &message.signals()[at];
        put(out, format_args!("  {}=", signal.name()));
        match (signal.name_of(raw), signal.exact(raw)) {
            (Some(name), _) => out.push_str(name),
            (None, Some(whole)) => put(out, format_args!("{whole}")),
            (None, None) => put(out, format_args!("{}", short(signal.physical(raw)))),
        }
        if !signal.unit().is_empty() {
            put(out, format_args!(" {}", signal.unit()));
        }
    }
}

/// A number without the digits that only come of binary fractions: 137.85, not 137.85000000000002.
fn short(number: f64) -> f64 {
    format!("{number:.12e}").parse().unwrap_or(number)
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a String takes all");
}

/// Reads `305#C3B3`, `305##1C3B3` or `305#R4`, as `cansend` takes it.
///
/// # Errors
/// What is wrong with the text.
pub fn read_frame(text: &str) -> Result<BusFrame, String> {
    let mut reader = drivers::link::can::candump::LogReader::default();
    let line = format!("(0000000000.000000) x {text}");
    // The line's own columns would only confuse.
    let read = reader.read(line.as_bytes());
    read.map_err(|error| format!("`{text}` is no frame, expected {}", error.expected))?;
    let frame = reader.frame().filter(|frame| frame.id().is_some());
    frame.ok_or_else(|| format!("`{text}` is an error frame, which nobody can send"))
}

/// A data frame of a message: CAN FD if it has more than eight octets.
pub fn frame_of(id: CanId, data: &[u8]) -> BusFrame {
    use drivers::link::can::{CanFrame, FdFrame};
    if data.len() <= 8 {
        BusFrame::Data(CanFrame::new(id, data))
    } else {
        BusFrame::Fd(FdFrame::new(id, data, 0))
    }
}
