//! Settings that every emulated board has.

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::quantity::Volts;
use profiles::time::BenchTime;
use profiles::time::Period;

use crate::link::Pacing;
use crate::plant::BoardTraits;

/// Lowest bus voltage of a 28 V payload converter, V (ECSS-E-ST-20C buses fall no lower than 22).
const MIN_VOLTS: f64 = 18.0;
/// A few hundred grams of board, frame and heat spreader, J/K.
const HEAT_CAPACITY: f64 = 120.0;
/// Natural convection from a finned 3U board in a chamber, W/K.
const AIR_CONDUCTANCE: f64 = 0.5;
/// Package and interface material, K/W.
const JUNCTION_K_PER_W: f64 = 0.8;
/// Two metres of AWG 20 there and back, Ω.
const HARNESS_OHM: f64 = 0.05;

/// Which network the board runs.
pub(crate) const fn network(default: &'static str) -> OptionSpec {
    network_among(
        default,
        &[
            "eo-cloudnet-tiny",
            "eo-shipnet-tiny",
            "mlperf-tiny-ad",
            "mlperf-tiny-ic",
            "mlperf-tiny-kws",
            "mlperf-tiny-sww",
            "mlperf-tiny-vww",
            "stories260k",
            "stories260k-logits",
            "stories260k-bf16",
            "stories260k-bf16-logits",
            "stories260k-int8",
            "stories260k-int8-logits",
        ],
    )
}

/// Which of these networks the board runs.
pub(crate) const fn network_among(
    default: &'static str,
    names: &'static [&'static str],
) -> OptionSpec {
    OptionSpec {
        name: "network",
        kind: OptionKind::ChoiceOrFile(names, NETWORK_FILES),
        default: Some(OptionDefault::Text(default)),
        help: "network in the board's flash, or the file that it is in",
    }
}

/// What files of networks end with.
const NETWORK_FILES: &[&str] = &["onnx", "safetensors"];

/// Lengths of axes that a network's file only names.
pub(crate) const AXES: OptionSpec = OptionSpec {
    name: "axes",
    kind: OptionKind::Text,
    default: Some(OptionDefault::Unset),
    help: "lengths of axes that an ONNX file only names: \"T=64\", or several with commas between",
};

/// How long an inference takes.
pub(crate) const fn latency(seconds: f64) -> OptionSpec {
    OptionSpec {
        name: "latency",
        kind: OptionKind::Duration,
        default: Some(OptionDefault::Number(seconds)),
        help: "emulated: one inference at full clock, or one token of a language model",
    }
}

const fn number(
    name: &'static str,
    (min, max, unit): (f64, f64, &'static str),
    default: f64,
    help: &'static str,
) -> OptionSpec {
    OptionSpec {
        name,
        kind: OptionKind::Number { min, max, unit },
        default: Some(OptionDefault::Number(default)),
        help,
    }
}

/// Power while it waits for work.
pub(crate) const fn idle_watts(default: f64) -> OptionSpec {
    let range = (0.1, 200.0, "W");
    number("idle_watts", range, default, "emulated: power while idle")
}

/// Power while it computes at full clock.
pub(crate) const fn busy_watts(default: f64) -> OptionSpec {
    let range = (0.1, 200.0, "W");
    number("busy_watts", range, default, "emulated: power while busy")
}

/// Telemetry reports a second.
pub(crate) const TELEMETRY_HZ: OptionSpec = number(
    "telemetry_hz",
    (0.1, 50.0, "Hz"),
    10.0,
    "emulated: housekeeping reports a second",
);

/// Voltage below which it is off.
pub(crate) const MIN_VOLTS_OPTION: OptionSpec = number(
    "min_volts",
    (1.0, 60.0, "V"),
    MIN_VOLTS,
    "emulated: below this it browns out",
);

/// Heat capacity.
pub(crate) const HEAT_CAPACITY_OPTION: OptionSpec = number(
    "heat_capacity",
    (1.0, 10_000.0, "J/K"),
    HEAT_CAPACITY,
    "emulated: heat capacity of the board",
);

/// Conductance to the air.
pub(crate) const AIR_CONDUCTANCE_OPTION: OptionSpec = number(
    "air_conductance",
    (0.01, 100.0, "W/K"),
    AIR_CONDUCTANCE,
    "emulated: conductance from board to air",
);

/// How its clock runs.
pub(crate) const CLOCK_PPM: OptionSpec = number(
    "clock_ppm",
    (-10_000.0, 10_000.0, "ppm"),
    0.0,
    "emulated: how much too fast its clock runs, in millionths",
);

/// Where its clock stands.
pub(crate) const CLOCK_OFFSET: OptionSpec = number(
    "clock_offset",
    (0.0, 3e9, "s"),
    0.0,
    "emulated: its time at T0, in seconds since 1958-01-01",
);

/// A clock on board, which runs on through resets as one with a battery does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnboardClock {
    ppm: f64,
    offset_us: u64,
}

impl OnboardClock {
    /// From checked options.
    pub(crate) fn new(options: &Options) -> OnboardClock {
        let number = |name| options.number(name).unwrap_or(0.0);
        OnboardClock {
            ppm: number("clock_ppm"),
            offset_us: (number("clock_offset") * 1e6).round() as u64,
        }
    }

    /// What it says at `at`, µs since its epoch.
    pub(crate) fn micros(self, at: BenchTime) -> u64 {
        let gained = (at.as_micros() as f64 * self.ppm * 1e-6).round() as i64;
        let told = self.offset_us.saturating_add(at.as_micros());
        told.saturating_add_signed(gained)
    }
}

/// The board's own limiter of current: a supervisor that reads a monitor once a second. A limiter in
/// hardware is faster, and sees only what is above its threshold.
pub(crate) const LATCH_UP_TRIP: OptionSpec = OptionSpec {
    name: "latch_up_trip",
    kind: OptionKind::Duration,
    default: Some(OptionDefault::Number(1.0)),
    help: "emulated: its own limiter cuts a latch-up off after this; 0 s: it has none",
};

/// What guards the memory that holds the network.
pub(crate) const ECC: OptionSpec = OptionSpec {
    name: "ecc",
    kind: OptionKind::Choice(&["none", "secded"]),
    default: Some(OptionDefault::Text("none")),
    help: "emulated: what guards the network's memory; `secded` corrects single bits",
};

/// The settings of one board.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) latency_us: f64,
    pub(crate) idle_watts: f64,
    pub(crate) busy_watts: f64,
    pub(crate) min_volts: f64,
    /// Between two housekeeping reports, in whole milliseconds: what a timer can keep.
    pub(crate) report_millis: u64,
    /// How long its own limiter lets a latch-up be, if it has one.
    pub(crate) latch_up_trip: Option<Period>,
    /// Whether single bits of memory are corrected.
    pub(crate) secded: bool,
}

impl Settings {
    /// From checked options.
    pub(crate) fn new(options: &Options) -> Settings {
        let number = |name, default| options.number(name).unwrap_or(default);
        let trip = (number("latch_up_trip", 1.0) * 1e3).round() as u32;
        Settings {
            latch_up_trip: (trip > 0).then(|| Period::millis(trip)),
            secded: options.text("ecc") == Some("secded"),
            latency_us: (number("latency", 0.1) * 1e6).max(1.0),
            idle_watts: number("idle_watts", 5.0),
            busy_watts: number("busy_watts", 15.0),
            min_volts: number("min_volts", MIN_VOLTS),
            report_millis: (1_000.0 / number("telemetry_hz", 10.0)).round().max(1.0) as u64,
        }
    }
}

/// What a board with these options is in the plant, electrically and thermally.
pub fn board_traits(options: &Options) -> BoardTraits {
    let number = |name, default| options.number(name).unwrap_or(default);
    BoardTraits {
        min_volts: Volts(number("min_volts", MIN_VOLTS)),
        harness_ohm: HARNESS_OHM,
        heat_capacity_j_per_k: number("heat_capacity", HEAT_CAPACITY),
        air_w_per_k: number("air_conductance", AIR_CONDUCTANCE),
        junction_k_per_w: JUNCTION_K_PER_W,
    }
}

/// A board's line as the maker ships it, at the rate that its options say.
pub fn pacing(shipped: Pacing, options: &Options) -> Pacing {
    let rate = |name| options.number(name).map(|rate| rate as u32);
    match shipped {
        Pacing::Serial {
            baud,
            bits_per_byte,
        } => Pacing::Serial {
            baud: rate("baud").unwrap_or(baud),
            bits_per_byte,
        },
        Pacing::Can { bit_rate } => Pacing::Can {
            bit_rate: rate("bit_rate").unwrap_or(bit_rate),
        },
        Pacing::Instant => Pacing::Instant,
    }
}
