//! Link specifications: what a wiring writes behind `link =`, parsed in this one place.

use std::fmt;
use std::str::FromStr;

use super::can::{self, CanSpec, SlcanSpec, SocketcandSpec};
use super::qemu::QemuSpec;
use super::rfc2217::Rfc2217Spec;
use super::serial::{LineSettings, SerialSpec};

/// What leads to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSpec {
    /// This process: the device is emulated in it.
    Memory,
    /// `memory:can0`: a CAN bus in this process, by its name. The devices on it are emulated, and
    /// share it.
    Bus(String),
    /// `qemu:board.elf`: the board's own firmware, in a machine that this process owns.
    Qemu(Box<QemuSpec>),
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
    /// `slcan:/dev/ttyACM0@500000`
    Slcan(SlcanSpec),
    /// `socketcand:host:29536/can0`
    Socketcand(SocketcandSpec),
    /// `rfc2217:host:port@9600,8N1`
    Rfc2217(Rfc2217Spec),
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
    pub const EXPECTED: &'static str = "expected `memory`, `memory:can0`, `serial:/dev/ttyUSB0@9600`, `serial:usb:SERIAL@9600`, \
         `serial:PATH@BAUD,8N2,rtscts`, `tcp:HOST:PORT`, `rfc2217:HOST:PORT@9600`, \
         `can:can0`, `slcan:/dev/ttyACM0@500000`, `socketcand:HOST:PORT/can0` or \
         `qemu:board.elf@mps2-an385`";
}

impl LinkSpec {
    /// The first words of every form, for suggestions.
    pub const KINDS: [&'static str; 8] = [
        "memory",
        "serial",
        "tcp",
        "rfc2217",
        "can",
        "slcan",
        "socketcand",
        "qemu",
    ];

    /// The line, unless what is at its far end belongs to this process.
    pub fn line(&self) -> Option<&LineSpec> {
        match self {
            LinkSpec::Memory | LinkSpec::Bus(_) | LinkSpec::Qemu(_) => None,
            LinkSpec::Line(line) => Some(line),
        }
    }

    /// The firmware, where it runs in QEMU.
    pub fn qemu(&self) -> Option<&QemuSpec> {
        match self {
            LinkSpec::Qemu(spec) => Some(spec),
            LinkSpec::Memory | LinkSpec::Bus(_) | LinkSpec::Line(_) => None,
        }
    }

    /// Whether an emulator is known to be at the far end: in this process, or behind a
    /// pseudo-terminal, or on a bus that is inside this machine. What stands behind a socket nobody
    /// can tell.
    pub fn is_emulated(&self) -> bool {
        match self {
            LinkSpec::Memory | LinkSpec::Bus(_) | LinkSpec::Qemu(_) => true,
            LinkSpec::Line(LineSpec::Serial(serial)) => is_pseudo(serial),
            LinkSpec::Line(LineSpec::Slcan(slcan)) => is_pseudo(&slcan.port),
            LinkSpec::Line(LineSpec::Can(can)) => can::socket::is_virtual(&can.interface),
            LinkSpec::Line(LineSpec::Tcp(_) | LineSpec::Rfc2217(_) | LineSpec::Socketcand(_)) => {
                false
            }
        }
    }
}

/// Whether a port is a pseudo-terminal, at which a program plays what stands there.
fn is_pseudo(serial: &SerialSpec) -> bool {
    let path = serial.port.path().ok();
    let path = path.and_then(|path| path.canonicalize().ok());
    path.is_some_and(|path| path.starts_with("/dev/pts"))
}

impl FromStr for LinkSpec {
    type Err = LinkSpecError;

    fn from_str(text: &str) -> Result<LinkSpec, LinkSpecError> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let spec = match (kind, rest) {
            ("memory", "") if !text.ends_with(':') => Ok(LinkSpec::Memory),
            ("memory", bus) => CanSpec::read(bus).and_then(|spec| match spec.bit_rate {
                None => Ok(LinkSpec::Bus(spec.interface)),
                Some(_) => Err("an emulated bus has the bit rate of its devices".to_owned()),
            }),
            ("serial", rest) => {
                SerialSpec::parse(rest).map(|spec| LinkSpec::Line(LineSpec::Serial(spec)))
            }
            ("tcp", rest) => TcpSpec::parse(rest).map(|spec| LinkSpec::Line(LineSpec::Tcp(spec))),
            ("rfc2217", rest) => {
                Rfc2217Spec::parse(rest).map(|spec| LinkSpec::Line(LineSpec::Rfc2217(spec)))
            }
            ("can", rest) => CanSpec::read(rest).map(|spec| LinkSpec::Line(LineSpec::Can(spec))),
            ("slcan", rest) => {
                SlcanSpec::read(rest).map(|spec| LinkSpec::Line(LineSpec::Slcan(spec)))
            }
            ("socketcand", rest) => {
                SocketcandSpec::read(rest).map(|spec| LinkSpec::Line(LineSpec::Socketcand(spec)))
            }
            ("qemu", rest) => QemuSpec::parse(rest).map(|spec| LinkSpec::Qemu(Box::new(spec))),
            (kind, _) => Err(format!("there is no kind of link `{kind}`")),
        };
        spec.map_err(|why| LinkSpecError {
            text: text.to_owned(),
            why,
        })
    }
}

impl TcpSpec {
    /// `host:port`, `[::1]:port`
    pub(super) fn parse(text: &str) -> Result<TcpSpec, String> {
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
}

impl fmt::Display for TcpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for LinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkSpec::Memory => f.write_str("memory"),
            LinkSpec::Bus(bus) => write!(f, "memory:{bus}"),
            LinkSpec::Qemu(spec) => spec.fmt(f),
            LinkSpec::Line(line) => line.fmt(f),
        }
    }
}

impl LineSpec {
    /// Whether it carries frames of a CAN bus, and not bytes.
    pub fn is_can(&self) -> bool {
        match self {
            LineSpec::Can(_) | LineSpec::Slcan(_) | LineSpec::Socketcand(_) => true,
            LineSpec::Serial(_) | LineSpec::Tcp(_) | LineSpec::Rfc2217(_) => false,
        }
    }

    /// Whether each of several devices can have an end of its own: of a bus of the kernel's, or of a
    /// server's. An adapter's port is opened once.
    pub fn has_many_ends(&self) -> bool {
        matches!(self, LineSpec::Can(_) | LineSpec::Socketcand(_))
    }

    /// The same, set to a bus's bit rate unless it has one, bit/s. A server sets its bus itself.
    #[must_use]
    pub fn at_bit_rate(mut self, rate: u32) -> LineSpec {
        match &mut self {
            LineSpec::Can(CanSpec { bit_rate, .. })
            | LineSpec::Slcan(SlcanSpec { bit_rate, .. }) => {
                bit_rate.get_or_insert(rate);
            }
            LineSpec::Serial(_)
            | LineSpec::Tcp(_)
            | LineSpec::Rfc2217(_)
            | LineSpec::Socketcand(_) => {}
        }
        self
    }

    /// Settings of its characters, where the bench sets them.
    pub fn settings(&self) -> Option<LineSettings> {
        match self {
            LineSpec::Serial(serial) => Some(serial.line),
            LineSpec::Rfc2217(port) => Some(port.line),
            LineSpec::Slcan(slcan) => Some(slcan.port.line),
            LineSpec::Tcp(_) | LineSpec::Can(_) | LineSpec::Socketcand(_) => None,
        }
    }

    /// What is at its far end, the same whatever name leads there: `/dev/serial/by-id/…` is the
    /// port that it points to now, and a host has no case.
    pub fn far_end(&self) -> String {
        match self {
            LineSpec::Serial(serial) | LineSpec::Slcan(SlcanSpec { port: serial, .. }) => {
                let path = serial.port.path().ok();
                let path = path.map(|path| {
                    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                    // Numbers of pseudo-terminals are given again while a lock on one that is
                    // gone may still be held.
                    if real.starts_with("/dev/pts") {
                        std::path::absolute(&path).unwrap_or(path)
                    } else {
                        real
                    }
                });
                // One that is not there, or not the only one, cannot be opened by anybody.
                path.map_or_else(
                    || format!("serial:{}", serial.port),
                    |path| format!("serial:{}", path.display()),
                )
            }
            // A server gives a port to one client, whatever it speaks.
            LineSpec::Tcp(tcp) | LineSpec::Rfc2217(Rfc2217Spec { server: tcp, .. }) => {
                format!("tcp:{}:{}", tcp.host.to_lowercase(), tcp.port)
            }
            LineSpec::Can(can) => format!("can:{}", can.interface),
            LineSpec::Socketcand(SocketcandSpec { server, bus }) => {
                let host = server.host.to_lowercase();
                format!("socketcand:{host}:{}/{bus}", server.port)
            }
        }
    }
}

impl fmt::Display for LineSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineSpec::Serial(serial) => serial.fmt(f),
            LineSpec::Tcp(tcp) => write!(f, "tcp:{tcp}"),
            LineSpec::Rfc2217(port) => port.fmt(f),
            LineSpec::Can(can) => can.fmt(f),
            LineSpec::Slcan(slcan) => slcan.fmt(f),
            LineSpec::Socketcand(server) => server.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn why(text: &str) -> String {
        text.parse::<LinkSpec>().unwrap_err().to_string()
    }

    #[test]
    fn every_form_is_told_as_it_is_read() {
        for (text, told) in [
            ("memory", "memory"),
            ("memory:can0", "memory:can0"),
            ("serial:/dev/ttyUSB0@9600", "serial:/dev/ttyUSB0@9600,8N1"),
            ("serial:a@b@300,7E1", "serial:a@b@300,7E1"),
            ("serial:x@4800,8N2,rtscts", "serial:x@4800,8N2,rtscts"),
            ("serial:x@4800, xonxoff", "serial:x@4800,8N1,xonxoff"),
            ("serial:x@9600,8N2,dtrdsr", "serial:x@9600,8N2,dtrdsr"),
            ("serial:usb:FT4_A1@9600", "serial:usb:FT4_A1@9600,8N1"),
            ("serial:usb:Q7:if01@9600,7E1", "serial:usb:Q7:if01@9600,7E1"),
            ("tcp:bench-3.lab:5025", "tcp:bench-3.lab:5025"),
            ("tcp:[::1]:5025", "tcp:[::1]:5025"),
            ("can:can0", "can:can0"),
            ("can:vcan-1@125000", "can:vcan-1@125000"),
            ("slcan:/dev/ttyACM0", "slcan:/dev/ttyACM0"),
            ("slcan:a@b@500000", "slcan:a@b@500000"),
            (
                "slcan:usb:A1@10000, baud=1000000,fd=2000000",
                "slcan:usb:A1@10000,baud=1000000,fd=2000000",
            ),
            ("socketcand:lab/can0", "socketcand:lab:29536/can0"),
            (
                "socketcand:[::1]:28600/vcan1",
                "socketcand:[::1]:28600/vcan1",
            ),
            ("socketcand:[::1]/vcan1", "socketcand:[::1]:29536/vcan1"),
            ("rfc2217:lab:4001@9600,8N2", "rfc2217:lab:4001@9600,8N2"),
            (
                "qemu:board.elf",
                "qemu:board.elf@mps2-an385,mode=live,shift=4",
            ),
            (
                "qemu:board.elf,uart=pty,shift=3",
                "qemu:board.elf@mps2-an385,mode=live,shift=3,uart=pty",
            ),
            (
                "qemu:a@b.elf@virt,shift=5, mode=lockstep,program=qemu-system-riscv64,args=-d a,b",
                "qemu:a@b.elf@virt,mode=lockstep,shift=5,program=qemu-system-riscv64,args=-d a,b",
            ),
            (
                "rfc2217:[::1]:4001@300,7E1,rtscts",
                "rfc2217:[::1]:4001@300,7E1,rtscts",
            ),
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
        assert_eq!(end("tcp:psu.lab:5025"), end("rfc2217:PSU.lab:5025@9600"));
    }

    #[test]
    fn what_is_no_link_is_told_why() {
        for (text, part) in [
            ("", "no kind of link ``"),
            ("usb", "no kind of link `usb`"),
            ("memory:", "the name of the interface is missing"),
            ("memory:can0@500000", "has the bit rate of its devices"),
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
            ("rfc2217:lab:4001", "the baud rate is missing"),
            ("rfc2217:lab@9600", "the port is missing"),
            ("can:", "the name of the interface is missing"),
            (
                "can:a-name-that-is-too-long",
                "is no name of a network interface",
            ),
            ("can:can0@2000000", "`2000000` is no bit rate of a CAN bus"),
            ("slcan:/dev/ttyACM0@9", "`9` is no bit rate of a CAN bus"),
            ("slcan:/dev/ttyACM0@10000,x", "`x` is no setting"),
            ("slcan:x@10000,fd=3", "`3` is no data bit rate"),
            ("qemu:", "the firmware's ELF file is missing"),
            ("qemu:a.elf,mode=fast", "`fast` is no mode"),
            ("qemu:a.elf,shift=11", "no number from 0 to 10"),
            ("qemu:a.elf,uart=1", "`1` is no UART"),
            ("qemu:a.elf,mode=lockstep,uart=pty", "leave `uart=` out"),
            ("qemu:a.elf,usart=pty", "`usart=pty` is no setting"),
            ("socketcand:lab:29536", "the name of the bus is missing"),
            ("socketcand:lab:0/can0", "no number from 1 to 65535"),
        ] {
            assert!(why(text).contains(part), "{text}: {}", why(text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_link_or_an_error(text in "(memory|serial|tcp|can|slcan|socketcand|rfc2217|qemu|[a-z]{0,4}):?[ -~]{0,24}") {
            if let Ok(spec) = text.parse::<LinkSpec>() {
                prop_assert_eq!(spec.to_string().parse::<LinkSpec>(), Ok(spec));
            }
        }
    }
}
