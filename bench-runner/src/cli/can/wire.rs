//! The bus of the command line: how it is opened, and what is said where there is none.

use drivers::clock::Clock;
use drivers::link::can::bus::BitRates;
use drivers::link::{LineSpec, Link, LinkSpec};

/// Bit rates, for the load of a bus.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Rates {
    /// Bit rate of the bus, bit/s
    #[arg(long, value_name = "RATE")]
    pub(super) bit_rate: Option<u32>,
    /// Bit rate of the data of CAN FD frames that switch, bit/s; as --bit-rate if left out
    #[arg(long, value_name = "RATE", requires = "bit_rate")]
    pub(super) data_rate: Option<u32>,
}

impl Rates {
    pub(super) fn rates(self) -> Option<BitRates> {
        let nominal = self.bit_rate?;
        Some(BitRates {
            nominal,
            fast: self.data_rate.unwrap_or(nominal),
        })
    }
}

/// A link that carries CAN frames.
pub(super) fn line(text: &str) -> Result<LineSpec, String> {
    let spec: LinkSpec = text
        .parse()
        .map_err(|error| format!("{error}; {}", drivers::link::LinkSpecError::EXPECTED))?;
    match spec {
        LinkSpec::Memory | LinkSpec::Bus(_) => Err(
            "in memory there is nobody else; play a log on an emulated bus with `bench can replay \
             LOG memory`, or name an interface, as in `can:can0` (to have one without hardware: \
             `sudo modprobe vcan && sudo ip link add vcan0 type vcan && sudo ip link set vcan0 up`)"
                .to_owned(),
        ),
        LinkSpec::Qemu(_) => Err(format!("`{text}` carries bytes, not CAN frames")),
        LinkSpec::Line(line) if !line.is_can() => Err(format!(
            "`{text}` carries bytes, not CAN frames; expected an interface, as in `can:can0`, or an \
             adapter, as in `slcan:/dev/ttyACM0@500000`"
        )),
        LinkSpec::Line(line) => Ok(line),
    }
}

/// What frames on it are told to have come by: `can0` of `can:can0@500000` and of
/// `socketcand:lab:29536/can0`, `ttyACM0` of `slcan:/dev/ttyACM0@500000`.
pub(super) fn name(line: &LineSpec) -> String {
    let text = line.to_string();
    let name = text.split_once(':').map_or(text.as_str(), |(_, name)| name);
    let name = name.split('@').next().unwrap_or(name);
    name.rsplit(['/', ':']).next().unwrap_or(name).to_owned()
}

pub(super) async fn open(line: &LineSpec, clock: Clock) -> Result<Link, String> {
    Link::open(line, clock)
        .await
        .map_err(|error| error.to_string())
}

/// Microseconds from 1970 to the clock's zero.
pub(super) fn epoch(clock: Clock) -> i64 {
    let now = jiff::Timestamp::now().as_microsecond();
    now - clock.now().as_micros().cast_signed()
}
