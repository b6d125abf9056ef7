//! Inference: rate and latency of one workload, with what its golden expects.

use crate::report::{Answers, GoldenBand, Moment, Report};

use super::build::{PanelBuilder, time_axis};
use super::{Band, Figure, Panel, Pen, Trace};

/// Moments further apart than this many of their own lengths have a gap between them.
const APART: f64 = 2.5;

/// Rate and latency of the workload at `place`.
pub fn inference(report: &Report, place: usize) -> Figure {
    let workload = &report.header.workloads[place];
    let moments = &report.workloads[place].moments;
    let mut panels = Vec::new();
    if !moments.is_empty() {
        panels.push(rate(report, &workload.name, moments));
        panels.push(latency(report, &workload.name, moments, false));
        panels.push(latency(report, &workload.name, moments, true));
    }
    let device = report.device_name(workload.device);
    let title = format!("{} on {device} ({})", workload.name, workload.scenario);
    Figure {
        title,
        time: time_axis(report),
        panels,
    }
}

fn rate(report: &Report, workload: &str, moments: &[Moment]) -> Panel {
    let mut builder = PanelBuilder::new(report, "answers per second", "").with_zero();
    let panel = builder.panel();
    panel.bands = bands(report, workload, |golden| golden.rate);
    panel
        .traces
        .push(line("rate", Pen::First, moments, Answers::rate));
    panel.clone()
}

/// One percentile, with its band; a panel for each, since their bands may touch.
fn latency(report: &Report, workload: &str, moments: &[Moment], p90: bool) -> Panel {
    let quantity = if p90 {
        "latency, 90th percentile"
    } else {
        "latency, median"
    };
    let mut builder = PanelBuilder::new(report, quantity, "ms");
    let panel = builder.panel();
    let millis = |us: u32| f64::from(us) * 1e-3;
    if p90 {
        panel.bands = bands(report, workload, |golden| golden.p90_us * 1e-3);
        panel
            .traces
            .push(line("p90", Pen::Second, moments, |a| millis(a.p90_us)));
    } else {
        panel.bands = bands(report, workload, |golden| golden.p50_us * 1e-3);
        panel
            .traces
            .push(line("p50", Pen::First, moments, |a| millis(a.p50_us)));
    }
    panel.clone()
}

/// The golden's bands over the stretches of their phases.
fn bands(report: &Report, workload: &str, middle: fn(&GoldenBand) -> f64) -> Vec<Band> {
    let mut bands = Vec::new();
    for golden in report
        .goldens
        .iter()
        .filter(|golden| golden.workload == workload)
    {
        let phases = report.header.phases.iter();
        let phases = phases
            .filter(|p| p.phase.name() == golden.phase)
            .map(|p| p.window);
        let steps = report.header.steps.iter();
        let steps = steps.filter(|s| s.name == golden.phase).map(|s| s.window);
        let (value, half) = (middle(golden), golden.tolerance * middle(golden));
        bands.extend(phases.chain(steps).map(|window| Band {
            from: window.start.as_secs_f64(),
            to: window.end.as_secs_f64(),
            low: value - half,
            high: value + half,
        }));
    }
    bands
}

fn line(label: &str, pen: Pen, moments: &[Moment], value: impl Fn(&Answers) -> f64) -> Trace {
    let apart = |a: &Moment, b: &Moment| {
        let length = a.window.seconds().max(b.window.seconds());
        b.window.start.micros_since(a.window.end) as f64 * 1e-6 > APART * length
    };
    let pieces = moments.chunk_by(|a, b| !apart(a, b));
    let lines = pieces.map(|piece| {
        let point = |moment: &Moment| {
            let from = moment.window.start.as_secs_f64();
            (from + moment.window.seconds() / 2.0, value(&moment.answers))
        };
        piece.iter().map(point).collect()
    });
    Trace {
        label: label.to_owned(),
        pen,
        lines: lines.collect(),
        extremes: Vec::new(),
    }
}
