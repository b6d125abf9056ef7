//! One panel: grid, limits, lines and what they hide.

use plotters::prelude::DrawingBackend;

use super::super::figure::{Panel, Pen, Spot, TimeAxis, Trace};
use super::axis::{self, Values};
use super::labels::{self, Label, Swatch};
use super::sheet::{Align, Rect, Sheet};
use super::{Drawn, shade, style};

/// The plot of a panel with its scales.
struct Plot<'a> {
    rect: Rect,
    time: &'a TimeAxis,
    values: Values,
    panel: &'a Panel,
    ticks: Vec<f64>,
}

impl Plot<'_> {
    fn x(&self, seconds: f64) -> f64 {
        self.rect.left + (self.rect.right - self.rect.left) * self.time.share(seconds)
    }

    /// Values beyond the axis stay on its edge: a chart must not draw upon its neighbour.
    fn y(&self, value: f64) -> f64 {
        let share = self.values.share(value).clamp(0.0, 1.0);
        self.rect.bottom - (self.rect.bottom - self.rect.top) * share
    }
}

impl Plot<'_> {
    /// Whether a line or a limit runs through `place`.
    fn drawn_upon(&self, place: &Rect) -> bool {
        let inside = |x: f64, y: f64| {
            (place.left..=place.right).contains(&x) && (place.top..=place.bottom).contains(&y)
        };
        let traces = &self.panel.traces;
        let on_line = traces.iter().flat_map(|trace| &trace.lines).any(|line| {
            line.windows(2).any(|pair| {
                let (from, to) = (pair[0], pair[1]);
                // Coarse lines may cross a place between two of their points.
                (0..=8).any(|step| {
                    let share = f64::from(step) / 8.0;
                    let at = from.0 + (to.0 - from.0) * share;
                    let value = from.1 + (to.1 - from.1) * share;
                    inside(self.x(at), self.y(value))
                })
            })
        });
        let limits = self.panel.limits.iter().map(|limit| self.y(limit.value));
        on_line
            || limits
                .into_iter()
                .any(|y| (place.top..=place.bottom).contains(&y))
    }
}

pub(super) fn draw<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    rect: Rect,
    panel: &Panel,
    time: &TimeAxis,
) -> Drawn<DB> {
    let (low, high) = range(panel);
    let values = Values::new(low, high, (rect.bottom - rect.top) / 17.0);
    let plot = Plot {
        rect,
        time,
        values,
        panel,
        ticks: axis::ticks(time).0,
    };
    shade(sheet, rect, time)?;
    bands(sheet, &plot)?;
    grid(sheet, &plot)?;
    for trace in &panel.traces {
        veil(sheet, &plot, trace)?;
    }
    limits(sheet, &plot)?;
    for trace in &panel.traces {
        for line in &trace.lines {
            let points: Vec<_> = line.iter().map(|&(t, v)| (plot.x(t), plot.y(v))).collect();
            let stroke = style::stroke(trace.pen);
            match points[..] {
                // A line through one point is nothing, and the point is there.
                [alone] => sheet.circle(alone, 1.0, stroke)?,
                _ => sheet.line(&points, stroke)?,
            }
        }
    }
    spots(sheet, &plot)?;
    sheet.frame(rect, style::FRAME)?;
    let caption = match &*panel.unit {
        "" => panel.quantity.clone(),
        unit => format!("{} / {unit}", panel.quantity),
    };
    sheet.text(
        (rect.left, rect.top - 5.5),
        &caption,
        &style::CAPTION,
        Align::Left,
    )?;
    labels::draw(sheet, rect, label_list(&plot))
}

/// What the axis must show: all values, bands, and limits unless they are far off.
fn range(panel: &Panel) -> (f64, f64) {
    let means = panel
        .traces
        .iter()
        .flat_map(|t| t.lines.iter().flatten().map(|&(_, v)| v));
    let hidden = panel
        .traces
        .iter()
        .flat_map(|t| &t.extremes)
        .flat_map(|&(_, a, b)| [a, b]);
    let bands = panel.bands.iter().flat_map(|band| [band.low, band.high]);
    let (mut low, mut high) = means
        .chain(hidden)
        .chain(bands)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let span = high - low;
    for limit in &panel.limits {
        let beyond = (limit.value - high).max(low - limit.value).max(0.0);
        if beyond <= 4.0 * span || beyond <= 0.3 * limit.value.abs() {
            (low, high) = (low.min(limit.value), high.max(limit.value));
        }
    }
    if panel.with_zero && low >= 0.0 {
        return (0.0, 1.07 * high);
    }
    let pad = 0.07 * (high - low);
    (low - pad, high + pad)
}

fn bands<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: &Plot) -> Drawn<DB> {
    for band in &plot.panel.bands {
        let (left, right) = (plot.x(band.from), plot.x(band.to));
        let (top, bottom) = (plot.y(band.high), plot.y(band.low));
        if right - left < 0.3 {
            continue;
        }
        sheet.fill(
            Rect {
                left,
                top,
                right,
                bottom,
            },
            style::GOLD,
        )?;
        let edge = style::Stroke {
            colour: style::GOLD_EDGE,
            weight: 0.4,
            dashes: &[],
        };
        sheet.line(&[(left, top), (right, top)], edge)?;
        sheet.line(&[(left, bottom), (right, bottom)], edge)?;
    }
    Ok(())
}

fn grid<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: &Plot) -> Drawn<DB> {
    let rect = plot.rect;
    for &tick in &plot.values.ticks {
        let y = plot.y(tick);
        sheet.line(&[(rect.left, y), (rect.right, y)], style::GRID)?;
        let label = plot.values.label(tick);
        sheet.text((rect.left - 3.5, y), &label, &style::SMALL, Align::Right)?;
    }
    for &tick in &plot.ticks {
        let x = plot.x(tick);
        sheet.line(&[(x, rect.top), (x, rect.bottom)], style::GRID)?;
    }
    Ok(())
}

/// Everything between the smallest and the largest value of each column: noise is a band, one
/// wild sample is a thin spike.
fn veil<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: &Plot, trace: &Trace) -> Drawn<DB> {
    let stroke = style::veil(trace.pen);
    let mut starts = trace
        .lines
        .iter()
        .filter_map(|line| line.first())
        .map(|&(t, _)| t);
    let mut next = starts.next();
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut upwards = true;
    for &(time, min, max) in &trace.extremes {
        if next.is_some_and(|start| time >= start) {
            if points.len() > 1 {
                sheet.line(&points, stroke)?;
            }
            points.clear();
            next = starts.next();
        }
        let (x, a, b) = (plot.x(time), plot.y(min), plot.y(max));
        points.extend(if upwards {
            [(x, a), (x, b)]
        } else {
            [(x, b), (x, a)]
        });
        upwards = !upwards;
    }
    if points.len() > 1 {
        sheet.line(&points, stroke)
    } else {
        Ok(())
    }
}

fn limits<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: &Plot) -> Drawn<DB> {
    for limit in &plot.panel.limits {
        if !(plot.values.low..=plot.values.high).contains(&limit.value) {
            continue;
        }
        let y = plot.y(limit.value);
        for &(from, to) in &limit.during {
            sheet.line(&[(plot.x(from), y), (plot.x(to), y)], style::LIMIT)?;
        }
    }
    Ok(())
}

/// Rings around the worst values, each with its number where there is room for it.
fn spots<DB: DrawingBackend>(sheet: &Sheet<DB>, plot: &Plot) -> Drawn<DB> {
    let mut taken: Vec<Rect> = Vec::new();
    for spot in &plot.panel.worst {
        let at = (plot.x(spot.at), plot.y(spot.value));
        sheet.circle(at, 2.6, style::SPOT)?;
        taken.push(Rect {
            left: at.0 - 3.0,
            top: at.1 - 3.0,
            right: at.0 + 3.0,
            bottom: at.1 + 3.0,
        });
    }
    for spot in &plot.panel.worst {
        if let Some(place) = room(sheet, plot, spot, &taken) {
            // Paper behind the number, so that no line runs through it.
            sheet.fill(place, style::WHITE)?;
            let middle = (place.left + 1.5, f64::midpoint(place.top, place.bottom));
            sheet.text(middle, &spot.label, &style::STRONG_LABEL, Align::Left)?;
            taken.push(place);
        }
    }
    Ok(())
}

/// The first place around a spot that lies in the plot and on nothing; upon a line if there is
/// no other.
fn room<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    plot: &Plot,
    spot: &Spot,
    taken: &[Rect],
) -> Option<Rect> {
    let (x, y) = (plot.x(spot.at), plot.y(spot.value));
    let (width, height) = (sheet.width(&spot.label, &style::STRONG_LABEL) + 3.0, 8.0);
    let lefts = [x + 5.0, x - 5.0 - width, x - width / 2.0];
    let tops = [y - 13.0, y + 5.0, y - 4.0, y - 22.0, y + 14.0];
    let places = tops.iter().flat_map(|&top| {
        lefts.map(|left| Rect {
            left,
            top,
            right: left + width,
            bottom: top + height,
        })
    });
    let free: Vec<Rect> = places
        .filter(|place| plot.rect.holds(place))
        .filter(|place| !taken.iter().any(|other| other.overlaps(place)))
        .collect();
    free.iter()
        .find(|place| !plot.drawn_upon(place))
        .or(free.first())
        .copied()
}

fn label_list(plot: &Plot) -> Vec<Label> {
    let mut list = Vec::new();
    for trace in &plot.panel.traces {
        let last = trace.lines.iter().rev().find_map(|line| line.last());
        if let Some(&(_, value)) = last {
            let swatch = Swatch::Line(style::stroke(trace.pen));
            list.push(Label {
                y: plot.y(value),
                text: trace.label.clone(),
                swatch,
            });
        }
    }
    for limit in &plot.panel.limits {
        let inside = (plot.values.low..=plot.values.high).contains(&limit.value);
        let text = if inside {
            format!("limit {}", limit.label)
        } else {
            format!("limit {}, off scale", limit.label)
        };
        list.push(Label {
            y: plot.y(limit.value),
            text,
            swatch: Swatch::Line(style::LIMIT),
        });
    }
    if let Some(band) = plot.panel.bands.last() {
        let y = plot.y(f64::midpoint(band.low, band.high));
        let swatch = Swatch::Band(style::GOLD);
        list.push(Label {
            y,
            text: "golden".to_owned(),
            swatch,
        });
    }
    debug_assert!(
        plot.panel
            .traces
            .iter()
            .filter(|t| t.pen == Pen::First)
            .count()
            <= 1
    );
    list
}
