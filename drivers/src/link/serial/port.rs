//! Serial ports of this machine: which there are, and which one a name means. A USB adapter is
//! found by its own serial number, which stays the same in whatever socket it is plugged.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel tells of its devices (`sysfs(5)`), and where their files are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine<'a> {
    sys: &'a Path,
    dev: &'a Path,
}

impl Machine<'static> {
    /// This machine.
    pub(super) fn this() -> Machine<'static> {
        Machine {
            sys: Path::new("/sys"),
            dev: Path::new("/dev"),
        }
    }
}

/// How a wiring names a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortName {
    /// Its device file: `/dev/ttyUSB0`, `/dev/serial/by-id/…`.
    Path(PathBuf),
    /// The serial number of a USB adapter, and for one with several ports the number of its
    /// interface: `usb:FT4XYZ12`, `usb:FT4XYZ12:if01`.
    Usb {
        /// The serial number (`iSerial`), as the adapter tells it or as udev writes it, with `_`
        /// for blanks.
        serial: String,
        /// `bInterfaceNumber`.
        interface: Option<u8>,
    },
}

/// Why a name means no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPort {
    /// No adapter has that serial number.
    #[error("no USB adapter here has the serial number `{serial}`; {there}")]
    Absent {
        /// The number.
        serial: String,
        /// What is there instead, as a sentence.
        there: String,
    },
    /// Several ports answer to it.
    #[error(
        "{} have the USB serial number `{serial}`; name one by its interface, as \
         `usb:{serial}:if00`, or by its path below /dev/serial/by-path",
        .ports.join(" and ")
    )]
    Several {
        /// The number.
        serial: String,
        /// Their device files, with their interfaces.
        ports: Vec<String>,
    },
}

/// A serial port of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its device file.
    pub path: PathBuf,
    /// The USB adapter that it belongs to.
    pub usb: Option<UsbPort>,
    /// Its name below `/dev/serial/by-id`, where udev gives it one.
    pub by_id: Option<PathBuf>,
}

/// A port of a USB adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPort {
    /// The adapter's serial number; empty where it has none.
    pub serial: String,
    /// What it calls itself: maker and product.
    pub product: String,
    /// `bInterfaceNumber`.
    pub interface: Option<u8>,
}

impl PortName {
    /// Reads a name; the empty text is none.
    pub(super) fn parse(text: &str) -> Result<PortName, String> {
        let Some(usb) = text.strip_prefix("usb:") else {
            if text.is_empty() {
                return Err("the path of the port is missing".to_owned());
            }
            return Ok(PortName::Path(PathBuf::from(text)));
        };
        let (serial, interface) = match usb.rsplit_once(":if") {
            None => (usb, None),
            Some((serial, digits)) => {
                let number = (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok());
                let number = number.flatten().ok_or_else(|| {
                    format!("`if{digits}` is no interface; they are written `if00`, `if01`, …")
                })?;
                (serial, Some(number))
            }
        };
        if serial.is_empty() {
            return Err("the serial number of the USB adapter is missing".to_owned());
        }
        Ok(PortName::Usb {
            serial: serial.to_owned(),
            interface,
        })
    }

    /// The device file that the name means now.
    ///
    /// # Errors
    /// If no USB adapter has the serial number, or several ports have it.
    pub fn path(&self) -> Result<PathBuf, NoPort> {
        self.path_on(Machine::this())
    }

    pub(super) fn path_on(&self, machine: Machine<'_>) -> Result<PathBuf, NoPort> {
        let (serial, interface) = match self {
            PortName::Path(path) => return Ok(path.clone()),
            PortName::Usb { serial, interface } => (serial, *interface),
        };
        let ports = ports_of(machine);
        let adapters = ports
            .iter()
            .filter_map(|port| Some((port, port.usb.as_ref()?)));
        let mut found: Vec<(&Port, &UsbPort)> = adapters
            .filter(|(_, usb)| usb.serial == *serial || underscored(&usb.serial) == *serial)
            .collect();
        if let Some(interface) = interface {
            found.retain(|(_, usb)| usb.interface == Some(interface));
        }
        match found.as_slice() {
            [(port, _)] => Ok(port.path.clone()),
            [] => Err(NoPort::Absent {
                serial: serial.clone(),
                there: told(&ports),
            }),
            several => Err(NoPort::Several {
                serial: serial.clone(),
                ports: several.iter().map(|(port, usb)| named(port, usb)).collect(),
            }),
        }
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PortName::Path(path) => write!(f, "{}", path.display()),
            PortName::Usb { serial, interface } => {
                write!(f, "usb:{serial}")?;
                interface.map_or(Ok(()), |interface| write!(f, ":if{interface:02x}"))
            }
        }
    }
}

/// `/dev/ttyUSB1 (if01)`
fn named(port: &Port, usb: &UsbPort) -> String {
    let path = port.path.display();
    match usb.interface {
        Some(interface) => format!("{path} (if{interface:02x})"),
        None => path.to_string(),
    }
}

/// The USB adapters that are there, as a sentence.
fn told(ports: &[Port]) -> String {
    let adapters = ports
        .iter()
        .filter_map(|port| Some((port, port.usb.as_ref()?)));
    let adapters: Vec<String> = adapters
        .map(|(port, usb)| format!("`{}` at {}", usb.serial, port.path.display()))
        .collect();
    if adapters.is_empty() {
        return "no USB adapter is plugged in".to_owned();
    }
    format!("there are {}", adapters.join(", "))
}

/// As udev writes serial numbers: blanks become `_`.
fn underscored(serial: &str) -> String {
    serial.replace(' ', "_")
}

/// Every serial port with hardware behind it, in order of their names.
pub fn ports() -> Vec<Port> {
    ports_of(Machine::this())
}

pub(super) fn ports_of(machine: Machine<'_>) -> Vec<Port> {
    let Ok(entries) = fs::read_dir(machine.sys.join("class/tty")) else {
        return Vec::new();
    };
    let mut ports: Vec<Port> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            // Consoles and the ends of pseudo-terminals have no device.
            let class = machine.sys.join("class/tty").join(&name);
            let device = class.join("device").canonicalize().ok()?;
            if is_empty_slot(&class, &device) {
                return None;
            }
            let path = machine.dev.join(&name);
            Some(Port {
                usb: usb(&device),
                by_id: by_id(machine, &path),
                path,
            })
        })
        .collect();
    ports.sort_by(|a, b| a.path.cmp(&b.path));
    ports
}

/// The kernel keeps `/dev/ttyS0` to `/dev/ttyS3` whether or not there is a chip: a slot of the
/// driver `serial8250` without one has the type 0 (`PORT_UNKNOWN`), which root may read.
fn is_empty_slot(class: &Path, device: &Path) -> bool {
    let is_slot = device
        .components()
        .any(|part| part.as_os_str() == "serial8250");
    let kind = fs::read_to_string(class.join("type"));
    is_slot && kind.map_or(true, |kind| kind.trim() == "0")
}

/// The adapter above a port: the first folder that describes a USB device.
fn usb(device: &Path) -> Option<UsbPort> {
    let text = |folder: &Path, name: &str| {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        Some(text.trim().to_owned())
    };
    let mut above = device.ancestors();
    let interface = device
        .ancestors()
        .find_map(|folder| text(folder, "bInterfaceNumber"))
        .and_then(|digits| u8::from_str_radix(&digits, 16).ok());
    let adapter = above.find(|folder| folder.join("idVendor").is_file())?;
    let words = ["manufacturer", "product"].map(|name| text(adapter, name).unwrap_or_default());
    Some(UsbPort {
        serial: text(adapter, "serial").unwrap_or_default(),
        product: words.join(" ").trim().to_owned(),
        interface,
    })
}

fn by_id(machine: Machine<'_>, path: &Path) -> Option<PathBuf> {
    let folder = machine.dev.join("serial/by-id");
    let path = path.canonicalize().ok()?;
    let mut links: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|link| link.canonicalize().is_ok_and(|target| target == path))
        .collect();
    links.sort();
    links.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A machine with the ports of two adapters, one of them with two ports, a slot without a
    /// chip and a console; laid out as Linux does.
    fn machine(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("bench-ports-{name}-{}", std::process::id()));
        fs::remove_dir_all(&root).ok();
        let class = root.join("sys/class/tty");
        fs::create_dir_all(&class).unwrap();
        fs::create_dir_all(root.join("dev/serial/by-id")).unwrap();
        let plug = |adapter: &str, serial: &str, interface: u8, tty: &str| {
            let adapter = root.join("sys/devices/pci0/usb1").join(adapter);
            let port = adapter.join(format!("{interface}")).join(tty);
            fs::create_dir_all(&port).unwrap();
            let told = [
                ("idVendor", "0403"),
                ("serial", serial),
                ("manufacturer", "FTDI"),
                ("product", "USB-RS485"),
            ];
            for (file, text) in told {
                fs::write(adapter.join(file), format!("{text}\n")).unwrap();
            }
            let number = format!("{interface:02x}\n");
            fs::write(port.parent().unwrap().join("bInterfaceNumber"), number).unwrap();
            fs::create_dir_all(class.join(tty)).unwrap();
            symlink(&port, class.join(tty).join("device")).unwrap();
            fs::write(root.join("dev").join(tty), "").unwrap();
        };
        plug("1-1", "FT4 A1", 0, "ttyUSB0");
        plug("1-2", "QUAD7", 0, "ttyUSB1");
        plug("1-2", "QUAD7", 1, "ttyUSB2");
        let id = root.join("dev/serial/by-id/usb-FTDI_USB-RS485_FT4_A1-if00-port0");
        symlink("../../ttyUSB0", id).unwrap();
        let slot = root.join("sys/devices/platform/serial8250/tty/ttyS1");
        fs::create_dir_all(&slot).unwrap();
        fs::create_dir_all(class.join("ttyS1")).unwrap();
        symlink(&slot, class.join("ttyS1/device")).unwrap();
        fs::write(class.join("ttyS1/type"), "0\n").unwrap();
        fs::create_dir_all(class.join("tty0")).unwrap();
        root
    }

    fn find(root: &Path, text: &str) -> Result<String, String> {
        let (sys, dev) = (root.join("sys"), root.join("dev"));
        let machine = Machine {
            sys: &sys,
            dev: &dev,
        };
        let path = PortName::parse(text).unwrap().path_on(machine);
        let inside = |path: PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        path.map(inside).map_err(|error| error.to_string())
    }

    #[test]
    fn an_adapter_is_found_by_its_serial_number() {
        let root = machine("found");
        for name in ["usb:FT4 A1", "usb:FT4_A1", "usb:FT4_A1:if00"] {
            assert_eq!(find(&root, name), Ok("dev/ttyUSB0".to_owned()), "{name}");
        }
        assert_eq!(find(&root, "usb:QUAD7:if01"), Ok("dev/ttyUSB2".to_owned()));
        let (sys, dev) = (root.join("sys"), root.join("dev"));
        let ports = ports_of(Machine {
            sys: &sys,
            dev: &dev,
        });
        let names: Vec<_> = ports.iter().map(|port| port.path.file_name()).collect();
        assert_eq!(names.len(), 3, "no console and no empty slot: {names:?}");
        let by_id = ports[0].by_id.as_ref().unwrap();
        assert!(by_id.ends_with("usb-FTDI_USB-RS485_FT4_A1-if00-port0"));
        assert_eq!(ports[0].usb.as_ref().unwrap().product, "FTDI USB-RS485");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn two_ports_of_one_number_are_both_named_and_none_is_taken() {
        let root = machine("several");
        let why = find(&root, "usb:QUAD7").unwrap_err();
        for part in ["ttyUSB1 (if00)", "ttyUSB2 (if01)", "usb:QUAD7:if00"] {
            assert!(why.contains(part), "{why}");
        }
        let why = find(&root, "usb:FT5").unwrap_err();
        assert!(why.contains("`FT4 A1` at"), "{why}");
        let why = find(&root, "usb:QUAD7:if04").unwrap_err();
        assert!(why.contains("no USB adapter"), "{why}");
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_names_no_port_is_told_why() {
        for (text, part) in [
            ("usb:", "serial number of the USB adapter is missing"),
            ("usb:A:if1", "`if1` is no interface"),
            ("usb:A:ifxx", "`ifxx` is no interface"),
            ("", "path of the port is missing"),
        ] {
            let why = PortName::parse(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
