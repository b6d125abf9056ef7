//! What every emulated chamber has beside its protocol: its air, the sensor in it, the time that
//! its controller takes to answer, and a way to fall silent.

use profiles::command::Fault;
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::quantity::Celsius;
use profiles::seed::Stream;
use profiles::time::BenchTime;

use crate::model::EmulatorSetup;
use crate::options::latency_us;
use crate::plant::{AirId, Place, Plant};

/// Noise of the sensor, rms, K.
const NOISE: f64 = 0.02;
/// Deviation at which an output is fully on, K.
const PROPORTIONAL_BAND: f64 = 5.0;
/// Where a chamber stands when nothing else is said, °C.
const ROOM: f64 = 23.0;

/// An emulator's option: whether the wire of the sensor is broken.
pub(super) const SENSOR: OptionSpec = OptionSpec {
    name: "sensor",
    kind: OptionKind::Choice(&["ok", "open"]),
    default: Some(OptionDefault::Text("ok")),
    help: "emulator: whether the wire of the air's sensor is broken",
};

/// An emulator's option: whether the door stands open.
pub(super) const DOOR: OptionSpec = OptionSpec {
    name: "door",
    kind: OptionKind::Choice(&["closed", "open"]),
    default: Some(OptionDefault::Text("closed")),
    help: "emulator: whether the door stands open, which stops the chamber",
};

/// The chamber around a controller.
#[derive(Debug)]
pub(super) struct Cabinet {
    place: Option<AirId>,
    noise: Stream,
    latency_us: u64,
    muted_until: BenchTime,
    /// Whether the sensor's wire is broken.
    pub(super) is_sensor_open: bool,
    /// Whether the door is open.
    pub(super) is_door_open: bool,
}

impl Cabinet {
    /// As the options have it.
    pub(super) fn new(setup: &EmulatorSetup) -> Cabinet {
        let options = &setup.options;
        let open = |options: &Options, name| options.text(name) == Some("open");
        Cabinet {
            place: match setup.place {
                Place::Air(air) => Some(air),
                Place::Bus(_) | Place::Board(_) | Place::Apart => None,
            },
            noise: setup.seed.stream(setup.device.as_str(), "noise"),
            latency_us: latency_us(options, 0.01),
            muted_until: BenchTime::ZERO,
            is_sensor_open: open(options, SENSOR.name),
            is_door_open: open(options, DOOR.name),
        }
    }

    /// The air as the sensor has it, °C.
    pub(super) fn sensed(&mut self, plant: &Plant) -> f64 {
        self.air(plant) + NOISE * self.noise.normal()
    }

    /// The air itself, °C.
    pub(super) fn air(&self, plant: &Plant) -> f64 {
        self.place.map_or(ROOM, |air| plant.air(air).0)
    }

    /// Conditions the air towards `target`, °C, or leaves it alone. Without a sensor and with an
    /// open door nothing is conditioned: a chamber's interlocks do not ask its controller.
    pub(super) fn condition(&self, plant: &mut Plant, target: Option<f64>) {
        let target = target.filter(|_| !self.is_sensor_open && !self.is_door_open);
        if let Some(air) = self.place {
            plant.condition(air, target.map(Celsius));
        }
    }

    /// Whether it hears anything.
    pub(super) fn hears(&self, at: BenchTime) -> bool {
        at >= self.muted_until
    }

    /// Falls silent, as told. False for a fault that a chamber does not have.
    pub(super) fn fall_silent(&mut self, at: BenchTime, fault: &Fault) -> bool {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                true
            }
            _ => false,
        }
    }

    /// When the answer to what was heard at `at` leaves.
    pub(super) fn answers_at(&self, at: BenchTime) -> BenchTime {
        at.plus_micros(self.latency_us)
    }
}

/// Output of a controller, -1 for full cooling to 1 for full heat.
pub(super) fn effort(target: f64, air: f64) -> f64 {
    ((target - air) / PROPORTIONAL_BAND).clamp(-1.0, 1.0)
}
