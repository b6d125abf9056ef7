//! A serial port and its settings, as a wiring writes them behind `serial:`.

use std::fmt;

use super::port::PortName;

/// A serial port and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialSpec {
    /// Which port.
    pub port: PortName,
    /// Its settings.
    pub line: LineSettings,
}

/// Settings of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// Bits per second.
    pub baud: u32,
    /// Data bits of a character, 5 to 8.
    pub data_bits: u8,
    /// Parity of a character.
    pub parity: Parity,
    /// Stop bits of a character, 1 or 2.
    pub stop_bits: u8,
    /// Who may say "wait".
    pub flow: Flow,
}

/// Parity of a character on a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// No parity bit.
    None,
    /// An even number of ones.
    Even,
    /// An odd number of ones.
    Odd,
}

/// Flow control of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// None.
    None,
    /// The lines RTS and CTS.
    RtsCts,
    /// The characters XON and XOFF.
    XonXoff,
    /// The lines DTR and DSR. Linux does not know it, so the bench looks at DSR itself, before
    /// each few characters.
    DtrDsr,
}

impl Flow {
    const WORDS: [(&'static str, Flow); 3] = [
        ("rtscts", Flow::RtsCts),
        ("xonxoff", Flow::XonXoff),
        ("dtrdsr", Flow::DtrDsr),
    ];
}

impl SerialSpec {
    /// A port with eight data bits, no parity and one stop bit.
    pub fn new(port: PortName, baud: u32) -> SerialSpec {
        SerialSpec {
            port,
            line: LineSettings::new(baud),
        }
    }

    /// `/dev/ttyUSB0@9600,8N2,rtscts`
    pub(in crate::link) fn parse(text: &str) -> Result<SerialSpec, String> {
        // From the right: paths by id may have an `@`.
        let (port, settings) = text
            .rsplit_once('@')
            .ok_or("the baud rate is missing, as in `@9600`")?;
        Ok(SerialSpec {
            port: PortName::parse(port)?,
            line: LineSettings::parse(settings)?,
        })
    }
}

impl LineSettings {
    /// Eight data bits, no parity, one stop bit, no flow control.
    pub fn new(baud: u32) -> LineSettings {
        LineSettings {
            baud,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
            flow: Flow::None,
        }
    }

    /// Bits of a character on the wire: start, data, parity, stop.
    pub fn bits_per_byte(&self) -> u32 {
        let parity = u32::from(self.parity != Parity::None);
        1 + u32::from(self.data_bits) + parity + u32::from(self.stop_bits)
    }

    /// `9600,8N2,rtscts`
    pub(in crate::link) fn parse(text: &str) -> Result<LineSettings, String> {
        let mut settings = text.split(',').map(str::trim);
        let baud = settings.next().unwrap_or_default();
        let rate = baud.parse().ok().filter(|&baud| baud > 0);
        let rate = rate.ok_or_else(|| format!("`{baud}` is no baud rate"))?;
        let mut line = LineSettings::new(rate);
        for setting in settings {
            if let Some((_, flow)) = Flow::WORDS.iter().find(|(word, _)| *word == setting) {
                line.flow = *flow;
                continue;
            }
            let frame = frame(setting).ok_or_else(|| {
                format!(
                    "`{setting}` is no line setting; there are `8N1`, `8N2`, `7E1` and their \
                     like, `rtscts`, `xonxoff` and `dtrdsr`"
                )
            })?;
            (line.data_bits, line.parity, line.stop_bits) = frame;
        }
        Ok(line)
    }
}

/// `8N1`
fn frame(text: &str) -> Option<(u8, Parity, u8)> {
    let &[data @ b'5'..=b'8', parity, stop @ b'1'..=b'2'] = text.as_bytes() else {
        return None;
    };
    let parity = match parity {
        b'N' => Parity::None,
        b'E' => Parity::Even,
        b'O' => Parity::Odd,
        _ => return None,
    };
    Some((data - b'0', parity, stop - b'0'))
}

impl fmt::Display for LineSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        let (baud, data, stop) = (self.baud, self.data_bits, self.stop_bits);
        write!(f, "{baud},{data}{parity}{stop}")?;
        let word = Flow::WORDS.iter().find(|(_, flow)| *flow == self.flow);
        word.map_or(Ok(()), |(word, _)| write!(f, ",{word}"))
    }
}

impl fmt::Display for SerialSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "serial:{}@{}", self.port, self.line)
    }
}
