//! What a wiring writes behind `link = "can:`, `"slcan:` and `"socketcand:`.

use std::fmt;

use crate::link::serial::SerialSpec;
use crate::link::spec::TcpSpec;

/// A CAN interface of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanSpec {
    /// Its name, such as `can0`.
    pub interface: String,
    /// Bits per second that it must be set to, where that is known.
    pub bit_rate: Option<u32>,
}

/// An adapter at a serial port that speaks Lawicel's language (slcan).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlcanSpec {
    /// Its port.
    pub port: SerialSpec,
    /// Bits per second on the bus, where that is known.
    pub bit_rate: Option<u32>,
    /// Bits per second of the data field of CAN FD frames, where the adapter can have them.
    pub data_bit_rate: Option<u32>,
}

/// A bus behind a server of CAN over TCP (socketcand).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketcandSpec {
    /// The server.
    pub server: TcpSpec,
    /// The name of the bus there.
    pub bus: String,
}

/// Bits per second on an adapter's serial line: what most come with, and what those on USB ignore.
const BAUD: u32 = 115_200;
/// The port of socketcand.
const PORT: u16 = 29_536;

impl SlcanSpec {
    /// Reads `/dev/ttyACM0@500000,baud=1000000,fd=2000000`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<SlcanSpec, String> {
        let mut settings = text.split(',').map(str::trim);
        let first = settings.next().unwrap_or_default();
        // From the right: paths by id may have an `@`.
        let (path, rate) = match first.rsplit_once('@') {
            Some((path, rate)) => (path, Some(bit_rate(rate)?)),
            None => (first, None),
        };
        let (mut baud, mut data_bit_rate) = (BAUD, None);
        for setting in settings {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            match key {
                "baud" => {
                    let number = value.parse().ok().filter(|&baud: &u32| baud > 0);
                    baud = number.ok_or_else(|| format!("`{value}` is no baud rate"))?;
                }
                "fd" => {
                    let rates = [1, 2, 4, 5, 8].map(|mega: u32| mega * 1_000_000);
                    let rate = value.parse().ok().filter(|rate| rates.contains(rate));
                    let rate = rate.ok_or_else(|| {
                        format!("`{value}` is no data bit rate: adapters know {rates:?} bit/s")
                    })?;
                    data_bit_rate = Some(rate);
                }
                key => return Err(format!("`{key}` is no setting; there are `baud` and `fd`")),
            }
        }
        Ok(SlcanSpec {
            port: SerialSpec::parse(&format!("{path}@{baud}"))?,
            bit_rate: rate,
            data_bit_rate,
        })
    }
}

impl fmt::Display for SlcanSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port.to_string();
        let port = port.trim_start_matches("serial:");
        let path = port.rsplit_once('@').map_or(port, |(path, _)| path);
        write!(f, "slcan:{path}")?;
        if let Some(rate) = self.bit_rate {
            write!(f, "@{rate}")?;
        }
        if self.port.line.baud != BAUD {
            write!(f, ",baud={}", self.port.line.baud)?;
        }
        match self.data_bit_rate {
            Some(rate) => write!(f, ",fd={rate}"),
            None => Ok(()),
        }
    }
}

impl SocketcandSpec {
    /// Reads `host:29536/can0`; the port may be left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<SocketcandSpec, String> {
        let (server, bus) = text
            .rsplit_once('/')
            .ok_or("the name of the bus is missing, as in `socketcand:localhost:29536/can0`")?;
        // An IPv6 address has colons too, and stands in brackets.
        let has_port = server
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
        let server = if has_port {
            TcpSpec::parse(server)?
        } else {
            TcpSpec::parse(&format!("{server}:{PORT}"))?
        };
        let odd = |c: char| c.is_whitespace() || c == '<' || c == '>';
        if bus.is_empty() || bus.len() > LONGEST_NAME || bus.contains(odd) {
            return Err(format!("`{bus}` is no name of a bus"));
        }
        Ok(SocketcandSpec {
            server,
            bus: bus.to_owned(),
        })
    }
}

impl fmt::Display for SocketcandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (&self.server.host, self.server.port);
        if host.contains(':') {
            return write!(f, "socketcand:[{host}]:{port}/{}", self.bus);
        }
        write!(f, "socketcand:{host}:{port}/{}", self.bus)
    }
}

/// The longest name of a network interface (`IFNAMSIZ` of `linux/if.h`, less the end).
const LONGEST_NAME: usize = 15;

impl CanSpec {
    /// Reads `can0` or `can0@500000`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<CanSpec, String> {
        let (name, rate) = match text.split_once('@') {
            Some((name, rate)) => (name, Some(bit_rate(rate)?)),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("the name of the interface is missing, as in `can:can0`".to_owned());
        }
        let odd = |c: char| c.is_whitespace() || c == '/' || c == ':';
        if name.len() > LONGEST_NAME || name.contains(odd) || [".", ".."].contains(&name) {
            return Err(format!(
                "`{name}` is no name of a network interface: at most {LONGEST_NAME} characters, \
                 without blanks, `/` and `:`"
            ));
        }
        Ok(CanSpec {
            interface: name.to_owned(),
            bit_rate: rate,
        })
    }
}

/// Reads a bit rate of a CAN bus, bit/s.
pub(super) fn bit_rate(text: &str) -> Result<u32, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| (1_000..=1_000_000).contains(rate))
        .ok_or_else(|| format!("`{text}` is no bit rate of a CAN bus, 1000 to 1000000 bit/s"))
}

impl fmt::Display for CanSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can:{}", self.interface)?;
        match self.bit_rate {
            Some(rate) => write!(f, "@{rate}"),
            None => Ok(()),
        }
    }
}
