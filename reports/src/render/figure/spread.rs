//! How latencies are spread: which share of the answers of a phase was there within what time.

use super::{Band, Figure, Panel, Pen, TimeAxis, Trace};
use crate::report::{PhaseAnswers, Report};

/// Fewer answers have no percentiles.
const LEAST: u64 = 100;

/// As many phases as can be told apart in a panel; the others are in the table.
const MOST: usize = 4;

/// How high the golden's band is drawn around its percentile, per cent to either side.
const HALF: f64 = 3.0;

/// The shares of answers of the workload at `place`, in per cent, over their latency, up to the slowest
/// hundredth, which would press the rest together; with what its golden has of the median and the ninetieth
/// percentile. Without panels if no phase has a hundred answers.
pub fn spread(report: &Report, place: usize) -> Figure {
    let workload = &report.header.workloads[place].name;
    let phases = report.workloads[place].phases.iter();
    let told: Vec<&PhaseAnswers> = phases
        .filter(|phase| phase.answers.count >= LEAST)
        .take(MOST)
        .collect();
    let bands = bands(report, workload, &told);
    let traces = told.iter().enumerate().map(|(place, phase)| Trace {
        label: phase.phase.clone(),
        pen: Pen::at(place),
        lines: vec![line(&phase.spread)],
        extremes: Vec::new(),
    });
    let traces: Vec<Trace> = traces.collect();
    let shown = traces.iter().flat_map(|trace| &trace.lines[0]);
    let edges = bands.iter().flat_map(|band| [band.from, band.to]);
    let all = shown.map(|(millis, _)| *millis).chain(edges);
    let ends = all.fold(None, |ends: Option<(f64, f64)>, millis| {
        let (least, most) = ends.unwrap_or((millis, millis));
        Some((least.min(millis), most.max(millis)))
    });
    let (least, most) = ends.unwrap_or((0.0, 1.0));
    // Where all are the same there is room beside the one line.
    let room = (0.03 * (most - least)).max(0.001 * most).max(1e-3);
    let panel = Panel {
        quantity: "answers within".to_owned(),
        unit: "%".to_owned(),
        weight: 1.0,
        with_zero: true,
        traces,
        limits: Vec::new(),
        bands,
        worst: Vec::new(),
    };
    Figure {
        title: format!("How latencies of {workload} are spread"),
        time: TimeAxis::of_measure(
            "latency / ms".to_owned(),
            (least - room).max(0.0),
            most + room,
        ),
        panels: if told.is_empty() {
            Vec::new()
        } else {
            vec![panel]
        },
    }
}

/// Latency in ms, and how many per cent were as fast.
fn line(spread: &[u32]) -> Vec<(f64, f64)> {
    let points = spread.iter().enumerate();
    points
        .map(|(percent, us)| (f64::from(*us) * 1e-3, percent as f64))
        .collect()
}

/// Where the golden has the median and the ninetieth percentile of each phase that is shown.
fn bands(report: &Report, workload: &str, told: &[&PhaseAnswers]) -> Vec<Band> {
    let goldens = report.goldens.iter();
    let of_these = goldens.filter(|golden| {
        let is_told = told.iter().any(|phase| phase.phase == golden.phase);
        golden.workload == workload && is_told
    });
    let each = of_these.flat_map(|golden| {
        [(golden.p50_us, 50.0), (golden.p90_us, 90.0)].map(|(us, percent)| Band {
            from: us * 1e-3 * (1.0 - golden.tolerance),
            to: us * 1e-3 * (1.0 + golden.tolerance),
            low: percent - HALF,
            high: percent + HALF,
        })
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use crate::report::{Answers, GoldenBand};

    fn phase(name: &str, count: u64) -> PhaseAnswers {
        PhaseAnswers {
            phase: name.to_owned(),
            answers: Answers {
                count,
                seconds: 60.0,
                min_us: 1_000,
                p50_us: 1_500,
                p90_us: 1_900,
                p99_us: 1_990,
                max_us: 900_000,
            },
            spread: (0..100).map(|percent| 1_000 + 10 * percent).collect(),
        }
    }

    #[test]
    fn each_phase_has_its_line_and_its_goldens_bands() {
        let mut report = sample::report();
        report.workloads[0].phases = vec![phase("sunlit", 100), phase("umbra", 99)];
        let golden = |phase: &str| GoldenBand {
            workload: report.header.workloads[0].name.clone(),
            phase: phase.to_owned(),
            p50_us: 1_500.0,
            p90_us: 2_000.0,
            rate: 1.0,
            tolerance: 0.1,
        };
        report.goldens = vec![golden("sunlit"), golden("umbra")];
        let figure = spread(&report, 0);
        let [panel] = figure.panels.as_slice() else {
            panic!("{figure:?}");
        };
        // 99 answers are too few for a hundredth of them.
        let [trace] = panel.traces.as_slice() else {
            panic!("{panel:?}");
        };
        assert_eq!(trace.label, "sunlit");
        let line = &trace.lines[0];
        assert_eq!(
            (line[0], line[50], line[99]),
            ((1.0, 0.0), (1.5, 50.0), (1.99, 99.0))
        );
        let bands = panel.bands.iter().map(|b| [b.from, b.to, b.low, b.high]);
        let bands: Vec<[f64; 4]> = bands.collect();
        assert_eq!(bands.len(), 2);
        let near = |a: [f64; 4], b: [f64; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(bands[0], [1.35, 1.65, 47.0, 53.0]), "{bands:?}");
        assert!(near(bands[1], [1.8, 2.2, 87.0, 93.0]), "{bands:?}");
        // Both are in view, and the slowest answer of all is not: it would press the rest together.
        let begin = figure.time.measure.unwrap().begin;
        assert!(begin < 1.0 && (2.2..2.3).contains(&figure.time.end));
    }

    #[test]
    fn few_answers_have_no_figure() {
        let mut report = sample::report();
        report.workloads[0].phases = vec![phase("sunlit", 99)];
        assert!(spread(&report, 0).is_empty());
    }
}
