//! Link specifications: what a wiring writes behind `link =`, parsed in this one place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::can::{self, CanSpec};

/// What leads to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSpec {
    /// This process: the device is emulated in it.
    Memory,
    /// A line that leaves this process.
    Line(LineSpec),
}

/// A line that leaves this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineSpec {
    /// `serial:/dev/ttyUSB0@9600,8N1`
    Serial(SerialSpec),
    /// `tcp:host:port`
    Tcp(TcpSpec),
    /// `can:can0`
    Can(CanSpec),
}

/// A serial port and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialSpec {
    /// Its device file; `/dev/serial/by-id/…` stays the same when the machine starts anew.
    pub path: PathBuf,
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
}

/// A TCP endpoint: a raw socket, as LAN instruments and terminal servers have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpSpec {
    /// Name or address of the host.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// Why a text is no link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no link: {why}")]
pub struct LinkSpecError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl LinkSpecError {
    /// What may be written.
    pub const EXPECTED: &'static str = "expected `memory`, `serial:/dev/ttyUSB0@9600`, `serial:PATH@BAUD,8N2,rtscts`, \
         `tcp:HOST:PORT` or `can:can0`";
}

impl LinkSpec {
    /// The first words of every form, for suggestions.
    pub const KINDS: [&'static str; 4] = ["memory", "serial", "tcp", "can"];

    /// The line, unless it is memory.
    pub fn line(&self) -> Option<&LineSpec> {
        match self {
            LinkSpec::Memory => None,
            LinkSpec::Line(line) => Some(line),
        }
    }

    /// Whether an emulator is known to be at the far end: in this process, or behind a
    /// pseudo-terminal, or on a bus that is inside this machine. What stands behind a socket nobody
    /// can tell.
    pub fn is_emulated(&self) -> bool {
        match self {
            LinkSpec::Memory => true,
            LinkSpec::Line(LineSpec::Serial(serial)) => {
                std::fs::canonicalize(&serial.path).is_ok_and(|path| path.starts_with("/dev/pts"))
            }
            LinkSpec::Line(LineSpec::Can(can)) => can::socket::is_virtual(&can.interface),
            LinkSpec::Line(LineSpec::Tcp(_)) => false,
        }
    }
}

impl FromStr for LinkSpec {
    type Err = LinkSpecError;

    fn from_str(text: &str) -> Result<LinkSpec, LinkSpecError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let spec = match (kind, rest) {
            ("memory", "") if !text.ends_with(':') => Ok(LinkSpec::Memory),
            ("memory", _) => Err("`memory` takes nothing more".to_owned()),
            ("serial", rest) => serial(rest).map(|spec| LinkSpec::Line(LineSpec::Serial(spec))),
            ("tcp", rest) => tcp(rest).map(|spec| LinkSpec::Line(LineSpec::Tcp(spec))),
            ("can", rest) => CanSpec::read(rest).map(|spec| LinkSpec::Line(LineSpec::Can(spec))),
            (kind, _) => Err(format!("there is no kind of link `{kind}`")),
        };
        spec.map_err(|why| LinkSpecError {
            text: text.to_owned(),
            why,
        })
    }
}

/// `/dev/ttyUSB0@9600,8N2,rtscts`
fn serial(text: &str) -> Result<SerialSpec, String> {
    // From the right: paths by id may have an `@`.
    let (path, settings) = text
        .rsplit_once('@')
        .ok_or("the baud rate is missing, as in `@9600`")?;
    if path.is_empty() {
        return Err("the path of the port is missing".to_owned());
    }
    let mut settings = settings.split(',').map(str::trim);
    let baud = settings.next().unwrap_or_default();
    let mut spec = SerialSpec {
        path: Path::new(path).to_owned(),
        baud: baud
            .parse()
            .ok()
            .filter(|&baud| baud > 0)
            .ok_or_else(|| format!("`{baud}` is no baud rate"))?,
        data_bits: 8,
        parity: Parity::None,
        stop_bits: 1,
        flow: Flow::None,
    };
    for setting in settings {
        match setting {
            "rtscts" => spec.flow = Flow::RtsCts,
            "xonxoff" => spec.flow = Flow::XonXoff,
            setting => {
                let frame = frame(setting).ok_or_else(|| {
                    format!(
                        "`{setting}` is no line setting; there are `8N1`, `8N2`, `7E1` and their \
                         like, `rtscts` and `xonxoff`"
                    )
                })?;
                (spec.data_bits, spec.parity, spec.stop_bits) = frame;
            }
        }
    }
    Ok(spec)
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

/// `host:port`, `[::1]:port`
fn tcp(text: &str) -> Result<TcpSpec, String> {
    let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if bare.is_none() && host.contains(':') {
        return Err("an IPv6 address stands in brackets, as in `tcp:[::1]:5025`".to_owned());
    }
    let host = bare.unwrap_or(host);
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    let port = port.parse().ok().filter(|&port| port > 0);
    Ok(TcpSpec {
        host: host.to_owned(),
        port: port.ok_or("the port is no number from 1 to 65535")?,
    })
}

impl fmt::Display for LinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkSpec::Memory => f.write_str("memory"),
            LinkSpec::Line(line) => line.fmt(f),
        }
    }
}

impl LineSpec {
    /// What is at its far end, the same whatever name leads there: `/dev/serial/by-id/…` is the
    /// port that it points to now, and a host has no case.
    pub fn far_end(&self) -> String {
        match self {
            LineSpec::Serial(serial) => {
                let path = serial.path.canonicalize();
                let path = path.unwrap_or_else(|_| serial.path.clone());
                format!("serial:{}", path.display())
            }
            LineSpec::Tcp(tcp) => format!("tcp:{}:{}", tcp.host.to_lowercase(), tcp.port),
            LineSpec::Can(can) => format!("can:{}", can.interface),
        }
    }
}

impl fmt::Display for LineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineSpec::Serial(serial) => {
                let parity = match serial.parity {
                    Parity::None => 'N',
                    Parity::Even => 'E',
                    Parity::Odd => 'O',
                };
                let flow = match serial.flow {
                    Flow::None => "",
                    Flow::RtsCts => ",rtscts",
                    Flow::XonXoff => ",xonxoff",
                };
                let (path, baud) = (serial.path.display(), serial.baud);
                let (data, stop) = (serial.data_bits, serial.stop_bits);
                write!(f, "serial:{path}@{baud},{data}{parity}{stop}{flow}")
            }
            LineSpec::Tcp(tcp) if tcp.host.contains(':') => {
                write!(f, "tcp:[{}]:{}", tcp.host, tcp.port)
            }
            LineSpec::Tcp(tcp) => write!(f, "tcp:{}:{}", tcp.host, tcp.port),
            LineSpec::Can(can) => can.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn why(text: &str) -> String {
        text.parse::<LinkSpec>().unwrap_err().to_string()
    }

    #[test]
    fn every_form_is_told_as_it_is_read() {
        for (text, told) in [
            ("memory", "memory"),
            ("serial:/dev/ttyUSB0@9600", "serial:/dev/ttyUSB0@9600,8N1"),
            ("serial:a@b@300,7E1", "serial:a@b@300,7E1"),
            ("serial:x@4800,8N2,rtscts", "serial:x@4800,8N2,rtscts"),
            ("serial:x@4800, xonxoff", "serial:x@4800,8N1,xonxoff"),
            ("tcp:bench-3.lab:5025", "tcp:bench-3.lab:5025"),
            ("tcp:[::1]:5025", "tcp:[::1]:5025"),
            ("can:can0", "can:can0"),
            ("can:vcan-1@125000", "can:vcan-1@125000"),
        ] {
            let spec: LinkSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), told);
            assert_eq!(told.parse::<LinkSpec>().unwrap(), spec);
        }
    }

    #[test]
    fn a_port_is_the_same_under_each_of_its_names() {
        let end = |text: &str| text.parse::<LinkSpec>().unwrap().line().unwrap().far_end();
        let folder = std::env::temp_dir().join(format!("bench-far-end-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (port, name) = (folder.join("ttyUSB0"), folder.join("by-id"));
        std::fs::write(&port, "").unwrap();
        std::os::unix::fs::symlink(&port, &name).unwrap();
        let serial = |path: &Path, baud: u32| end(&format!("serial:{}@{baud}", path.display()));
        assert_eq!(serial(&port, 9_600), serial(&name, 19_200));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(end("tcp:PSU.lab:5025"), end("tcp:psu.lab:5025"));
        assert_ne!(end("tcp:psu.lab:5025"), end("tcp:psu.lab:5024"));
    }

    #[test]
    fn what_is_no_link_is_told_why() {
        for (text, part) in [
            ("", "no kind of link ``"),
            ("usb", "no kind of link `usb`"),
            ("memory:7", "takes nothing more"),
            ("serial:/dev/ttyS0", "the baud rate is missing"),
            ("serial:@9600", "the path of the port is missing"),
            ("serial:x@fast", "`fast` is no baud rate"),
            ("serial:x@0", "`0` is no baud rate"),
            ("serial:x@9600,9N1", "`9N1` is no line setting"),
            ("serial:x@9600,8n1", "`8n1` is no line setting"),
            ("tcp:host", "the port is missing"),
            ("tcp:host:0", "no number from 1 to 65535"),
            ("tcp::5025", "the host is missing"),
            ("tcp:::1:5025", "in brackets"),
            ("can:", "the name of the interface is missing"),
            (
                "can:a-name-that-is-too-long",
                "is no name of a network interface",
            ),
            ("can:can0@2000000", "`2000000` is no bit rate of a CAN bus"),
        ] {
            assert!(why(text).contains(part), "{text}: {}", why(text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_link_or_an_error(text in "(memory|serial|tcp|can|[a-z]{0,4}):?[ -~]{0,24}") {
            if let Ok(spec) = text.parse::<LinkSpec>() {
                prop_assert_eq!(spec.to_string().parse::<LinkSpec>(), Ok(spec));
            }
        }
    }
}
