//! A profile as a picture: flux, power, state of charge, temperature, over the eclipses.

use profiles::orbit::TrackPoint;
use profiles::phase::Phase;
use profiles::time::BenchTime;
use reports::render::figure::{Figure, Panel, Pen, TimeAxis, Trace};
use reports::render::pdf::{self, PdfError};
use reports::render::png::{self, PngError};
use reports::render::svg;

use super::Flown;

/// Size of the picture, points.
const SIZE: (u32, u32) = (900, 700);

/// Most lumps in the picture beside the baseplate: more cannot be told apart.
const MOST_TRACES: usize = 3;

/// Points of a trace: more than a picture has columns.
const POINTS: usize = 2_000;

pub(super) fn svg(figure: &Figure) -> String {
    svg::figure(figure, SIZE)
}

/// The same on a page.
pub(super) fn pdf(figure: &Figure) -> Result<Vec<u8>, PdfError> {
    let (width, height) = SIZE;
    pdf::figure(figure, (width as f32, height as f32))
}

/// The same in pixels.
pub(super) fn png(figure: &Figure) -> Result<Vec<u8>, PngError> {
    png::figure(figure, SIZE)
}

pub(super) fn figure(flown: &Flown) -> Figure {
    let eclipses = flown.prediction.phases.iter();
    let eclipses = eclipses.filter(|interval| interval.phase != Phase::Sunlit);
    Figure {
        title: flown.flight.name.clone(),
        time: TimeAxis {
            end: flown.flight.seconds,
            epoch: Some(flown.flight.start.to_string()),
            eclipses: eclipses.copied().collect(),
            counts: None,
            measure: None,
        },
        panels: vec![
            panel(
                flown,
                "sunlight",
                "W/m²",
                true,
                &[("flux", |p| p.flux_w_m2)],
            ),
            panel(
                flown,
                "power",
                "W",
                true,
                &[("array", |p| p.array_watts), ("load", |p| p.load_watts)],
            ),
            panel(
                flown,
                "state of charge",
                "%",
                false,
                &[("battery", |p| 100.0 * p.battery_soc)],
            ),
            panel(flown, "bus", "V", false, &[("bus", |p| p.bus_volts)]),
            temperatures(flown),
        ],
    }
}

type Value = fn(&TrackPoint) -> f64;

fn panel(
    flown: &Flown,
    quantity: &str,
    unit: &str,
    with_zero: bool,
    traces: &[(&str, Value)],
) -> Panel {
    let traces = traces.iter().enumerate().map(|(place, (label, value))| {
        let track = &flown.prediction.track;
        trace(flown, place, label, |index| value(&track[index]))
    });
    Panel {
        quantity: quantity.to_owned(),
        unit: unit.to_owned(),
        weight: 1.0,
        with_zero,
        traces: traces.collect(),
        limits: Vec::new(),
        bands: Vec::new(),
        worst: Vec::new(),
    }
}

/// The baseplate and the lumps beside it.
fn temperatures(flown: &Flown) -> Panel {
    let plate: Value = |p| p.baseplate_celsius;
    let mut panel = panel(flown, "temperature", "°C", false, &[("baseplate", plate)]);
    let nodes = &flown.prediction.nodes;
    for (place, name) in nodes.names.iter().take(MOST_TRACES).enumerate() {
        let row = |index: usize| nodes.row(index)[place];
        panel.traces.push(trace(flown, place + 1, name, row));
    }
    panel
}

/// Values at points of the track, few enough for a picture.
fn trace(flown: &Flown, pen: usize, label: &str, value: impl Fn(usize) -> f64) -> Trace {
    let track = &flown.prediction.track;
    let phases = flown.prediction.phases.iter();
    let edges: Vec<BenchTime> = phases.map(|interval| interval.window.start).collect();
    let step = track.len().div_ceil(POINTS).max(1);
    let steep = |index: usize| {
        // What jumps from one point to the next is kept on both sides: a square wave must not
        // slant.
        let load = |index: usize| track.get(index).map(|point| point.load_watts);
        load(index) != load(index + 1) || (index > 0 && load(index - 1) != load(index))
    };
    let kept = (0..track.len()).filter(|index| {
        let edge = edges.binary_search(&track[*index].at).is_ok();
        index % step == 0 || edge || index + 1 == track.len() || steep(*index)
    });
    Trace {
        label: label.to_owned(),
        pen: Pen::at(pen),
        lines: vec![
            kept.map(|index| (track[index].at.as_secs_f64(), value(index)))
                .collect(),
        ],
        extremes: Vec::new(),
    }
}
