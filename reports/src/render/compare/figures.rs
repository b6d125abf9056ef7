//! Figures of two runs laid over each other: panels of the same quantity are one, A solid and B dashed.

use super::super::figure::{self, Figure, Panel, Pen};
use super::super::pdf::Block;
use super::Pair;
use crate::report::Report;

/// What draws one kind of figure of a run.
type Draw = fn(&Report) -> Figure;

/// The figures that both runs may have.
pub(super) fn overlaid(pair: Pair<'_>, blocks: &mut Vec<Block>) {
    let kinds: [(Draw, &str, f32); 4] = [
        (figure::supply_power, "Power", 100.0),
        (figure::orbit_power, "Orbit", 104.0),
        (figure::heat, "Heat", 120.0),
        (figure::others, "Other channels", 112.0),
    ];
    for (draw, title, height) in kinds {
        let figure = both(draw(pair.before), draw(pair.now));
        if !figure.is_empty() {
            blocks.push(Block::Section(title.to_owned()));
            put(figure, height, blocks);
        }
    }
    let workloads = |report: &Report| {
        report
            .header
            .workloads
            .iter()
            .map(|w| w.name.clone())
            .collect()
    };
    let names: [Vec<String>; 2] = [workloads(pair.before), workloads(pair.now)];
    let mut begun = false;
    for (a, name) in names[0].iter().enumerate() {
        let Some(b) = names[1].iter().position(|other| other == name) else {
            continue;
        };
        let figure = both(
            figure::inference(pair.before, a),
            figure::inference(pair.now, b),
        );
        if !begun && !figure.is_empty() {
            blocks.push(Block::Section("Inference".to_owned()));
            begun = true;
        }
        put(figure, 68.0, blocks);
    }
}

/// A figure, if it shows anything.
fn put(figure: Figure, panel: f32, blocks: &mut Vec<Block>) {
    if !figure.is_empty() {
        let height = 40.0 + panel * figure.panels.len() as f32;
        blocks.push(Block::Figure(figure, height));
        blocks.push(Block::Gap(14.0));
    }
}

/// Panels with more lines than two as one for each line: of each there will be two.
fn apart(panels: Vec<Panel>) -> Vec<Panel> {
    let mut all = Vec::new();
    for mut panel in panels {
        panel.traces.retain(|trace| trace.pen != Pen::Command);
        if panel.traces.len() <= 2 {
            all.push(panel);
            continue;
        }
        for trace in std::mem::take(&mut panel.traces) {
            let mut one = panel.clone();
            one.quantity = format!("{}: {}", panel.quantity, trace.label);
            one.traces.push(trace);
            all.push(one);
        }
    }
    all
}

/// Two figures as one. Phases are those of A, unless only B has some.
fn both(a: Figure, b: Figure) -> Figure {
    let mut time = a.time.clone();
    time.end = time.end.max(b.time.end);
    if a.time.eclipses.is_empty() {
        time.eclipses.clone_from(&b.time.eclipses);
    }
    // One T0 in UTC would be wrong for one of them.
    time.epoch = a
        .time
        .epoch
        .filter(|epoch| b.time.epoch.as_ref() == Some(epoch));
    let mut panels = Vec::new();
    let mut later = apart(b.panels);
    for panel in apart(a.panels) {
        let same = |other: &Panel| other.quantity == panel.quantity && other.unit == panel.unit;
        let place = later.iter().position(same);
        let other = place.map(|place| later.remove(place));
        panels.push(merged(panel, other));
    }
    panels.extend(later.into_iter().map(merged_b));
    Figure {
        title: a.title,
        time,
        panels,
    }
}

/// Pens by the channel and the run, so that both lines of a channel stand out against each other.
fn labelled(panel: &mut Panel, side: &str, from: usize) {
    for (place, trace) in panel.traces.iter_mut().enumerate() {
        trace.label = format!("{side}: {}", trace.label);
        trace.pen = Pen::at(2 * place + from);
    }
    // Worst values of two runs upon each other tell nothing; the table of checks has them.
    panel.worst.clear();
}

fn merged(mut panel: Panel, other: Option<Panel>) -> Panel {
    labelled(&mut panel, "A", 0);
    let Some(mut other) = other else { return panel };
    labelled(&mut other, "B", 1);
    panel.traces.append(&mut other.traces);
    for limit in other.limits {
        if panel.limits.iter().all(|known| known.label != limit.label) {
            panel.limits.push(limit);
        }
    }
    for band in other.bands {
        if !panel.bands.contains(&band) {
            panel.bands.push(band);
        }
    }
    panel
}

/// A panel that only B has.
fn merged_b(mut panel: Panel) -> Panel {
    labelled(&mut panel, "B", 1);
    panel
}
