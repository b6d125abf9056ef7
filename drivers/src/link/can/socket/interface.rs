//! A CAN interface of this machine: opened, or the reason why not with the command that mends it.

use std::fs;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use socketcan::{CanFdSocket, CanInterface, Socket as _};

/// `ARPHRD_CAN` of `linux/if_arp.h`: what the system says that an interface's hardware is.
const CAN_HARDWARE: &str = "280";
/// What is known of an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// Bits per second; none on a virtual bus.
    pub(super) bit_rate: Option<u32>,
    /// Whether there is a controller, which counts errors.
    pub(super) has_controller: bool,
}

/// Opens a raw socket on an interface, and says what it is set to.
pub(super) fn open(name: &str, bit_rate: Option<u32>) -> Result<(CanFdSocket, Settings), String> {
    let socket = CanFdSocket::open(name).map_err(|error| refused(name, &error))?;
    let error = |error: io::Error| error.to_string();
    let raw = socket.as_raw_socket();
    raw.set_cloexec(true).map_err(error)?;
    raw.set_nonblocking(true).map_err(error)?;
    // Binding to an interface that is down succeeds, and says so here.
    if let Some(down) = raw.take_error().map_err(error)? {
        return Err(if is(&down, Errno::NETDOWN) {
            down_now(name)
        } else {
            down.to_string()
        });
    }
    let settings = settings(name);
    if let (Some(wanted), Some(set)) = (bit_rate, settings.bit_rate)
        && wanted != set
    {
        return Err(format!(
            "it runs at {set} bit/s, and the device at {wanted}: `sudo ip link set {name} down && \
             {}`",
            up(name, Some(wanted))
        ));
    }
    Ok((socket, settings))
}

/// What the kernel tells of an interface; nothing where it does not.
fn settings(name: &str) -> Settings {
    let details = CanInterface::open(name).and_then(|interface| interface.details());
    let Ok(details) = details else {
        return Settings::default();
    };
    let timing = details.can.bit_timing;
    Settings {
        bit_rate: timing.map(|timing| timing.bitrate).filter(|&rate| rate > 0),
        has_controller: details.can.state.is_some(),
    }
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Why there is no socket.
fn refused(name: &str, error: &io::Error) -> String {
    if is(error, Errno::AFNOSUPPORT) || is(error, Errno::PROTONOSUPPORT) {
        return "this kernel has no CAN sockets: `sudo modprobe can-raw` loads them where it can \
                have them; `slcan:` and `socketcand:` lead to a bus without"
            .to_owned();
    }
    if is(error, Errno::PERM) || is(error, Errno::ACCESS) {
        return format!(
            "this user may not open CAN sockets ({error}); a service needs \
             `RestrictAddressFamilies=AF_CAN`, a container a policy that allows AF_CAN, and some \
             kernels `sudo setcap cap_net_raw+ep $(command -v bench)`"
        );
    }
    if is(error, Errno::NODEV) && folder(name).exists() {
        return format!("`{name}` is a network interface, but none of CAN");
    }
    if is(error, Errno::NODEV) {
        let there = interfaces();
        let there = if there.is_empty() {
            "there is none".to_owned()
        } else {
            format!("there are: {}", there.join(", "))
        };
        return format!(
            "there is no CAN interface of that name ({there}); plug its adapter in, load its \
             driver, or make a virtual one: `sudo ip link add dev {name} type vcan && sudo ip link \
             set {name} up`"
        );
    }
    error.to_string()
}

/// The interface is there, and down.
fn down_now(name: &str) -> String {
    if is_virtual(name) {
        return format!("it is down: `sudo ip link set {name} up`");
    }
    let set = settings(name).bit_rate;
    let known = set.map_or(String::new(), |rate| {
        format!(" (it was set to {rate} bit/s)")
    });
    format!("it is down{known}: `{}`", up(name, set))
}

/// The command that sets an interface's bit rate and starts it.
fn up(name: &str, bit_rate: Option<u32>) -> String {
    let rate = bit_rate.map_or("RATE".to_owned(), |rate| rate.to_string());
    format!("sudo ip link set {name} type can bitrate {rate} && sudo ip link set {name} up")
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from("/sys/class/net").join(name)
}

fn says(name: &str, what: &str) -> String {
    let text = fs::read_to_string(folder(name).join(what)).unwrap_or_default();
    text.trim().to_owned()
}

/// The CAN interfaces of this machine, in order.
fn interfaces() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net").into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| says(name, "type") == CAN_HARDWARE)
        .collect();
    names.sort();
    names
}

/// Whether an interface is a bus inside this machine, at which only programs are found.
pub(in crate::link) fn is_virtual(name: &str) -> bool {
    let place = folder(name).canonicalize();
    // Adapters at a serial line are virtual devices too, but have a controller with a state.
    place.is_ok_and(|place| place.starts_with("/sys/devices/virtual"))
        && !settings(name).has_controller
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(errno: Errno) -> String {
        let error = io::Error::from_raw_os_error(errno.raw_os_error());
        refused("can9", &error)
    }

    #[test]
    fn every_refusal_names_what_mends_it() {
        assert!(why(Errno::AFNOSUPPORT).contains("`sudo modprobe can-raw`"));
        assert!(why(Errno::PERM).contains("setcap cap_net_raw+ep"));
        let absent = why(Errno::NODEV);
        assert!(
            absent.contains("sudo ip link add dev can9 type vcan"),
            "{absent}"
        );
        let error = io::Error::from_raw_os_error(Errno::NODEV.raw_os_error());
        assert!(refused("lo", &error).contains("none of CAN"));
        assert!(down_now("can9").contains("ip link set can9 type can bitrate RATE"));
    }
}
