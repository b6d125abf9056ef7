//! Curves of a solar-array simulator at chosen moments: current and power over voltage, where power is most,
//! and where the output was found.

use profiles::physics::array_curve::{ArrayCurve, ArrayPoints};
use profiles::quantity::{Amperes, Volts};
use profiles::time::BenchTime;

use super::super::words::{clock, number, quantity};
use super::{Figure, Panel, Pen, Spot, TimeAxis, Trace};
use crate::header::DeviceHeader;
use crate::report::{Bucket, DeviceStory, Report, Series};

/// A curve whose short-circuit current is at least this share of the greatest one is of full light.
const FULL: f64 = 0.5;

/// A curve that was told, and what was measured while it held.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Why this one.
    pub name: &'static str,
    /// When it was told.
    pub at: BenchTime,
    /// Its points.
    pub points: ArrayPoints,
    /// Voltage and current of most power on it, V and A.
    pub most: (f64, f64),
    /// Voltage and current that were measured next, V and A; none if nothing was.
    pub measured: Option<(f64, f64)>,
}

impl Moment {
    /// What was drawn as a share of what could be.
    pub fn share(&self) -> Option<f64> {
        let (volts, amps) = self.measured?;
        Some(volts * amps / (self.most.0 * self.most.1))
    }
}

/// Each solar-array simulator that was told curves: its name, the moments and the figure.
pub fn curves(report: &Report) -> Vec<(String, Vec<Moment>, Figure)> {
    let arrays = report.of_role("solar-array-simulator");
    let told = arrays.filter_map(|(_, device, story)| {
        let moments = moments(device, story);
        (!moments.is_empty()).then(|| {
            let figure = figure(&device.name, &moments);
            (device.name.clone(), moments, figure)
        })
    });
    told.collect()
}

/// The curves that were told, dark ones left out.
fn told(story: &DeviceStory) -> Vec<(BenchTime, ArrayPoints)> {
    let of = |name: &str| {
        let series = story.set_points.iter().find(|told| told.name == name)?;
        Some(series.series.buckets())
    };
    let (Some(isc), Some(imp), Some(voc), Some(vmp)) = (of("isc"), of("imp"), of("voc"), of("vmp"))
    else {
        return Vec::new();
    };
    let told = isc.iter().zip(imp).zip(voc.iter().zip(vmp));
    let told = told.map(|((isc, imp), (voc, vmp))| {
        let points = ArrayPoints {
            isc: Amperes(isc.last),
            imp: Amperes(imp.last),
            voc: Volts(voc.last),
            vmp: Volts(vmp.last),
        };
        (BenchTime::from_micros(isc.to_us), points)
    });
    told.filter(|(_, points)| !points.is_dark() && points.curve().is_ok())
        .collect()
}

/// The moments that say most of an array: its first light, the coldest and the hottest curve of full light,
/// and the last one. Cells lose voltage as they become warm, so the voltage of open circuit tells.
fn moments(device: &DeviceHeader, story: &DeviceStory) -> Vec<Moment> {
    let told = told(story);
    let most = told.iter().map(|(_, it)| it.isc.0).fold(0.0, f64::max);
    let volts = |place: &usize| told[*place].1.voc.0;
    let full = (0..told.len()).filter(|place| told[*place].1.isc.0 >= FULL * most);
    let full: Vec<usize> = full.collect();
    // Of equals the first.
    let coldest = full.iter().copied().reduce(|known, next| {
        if volts(&next) > volts(&known) {
            next
        } else {
            known
        }
    });
    let hottest = full
        .iter()
        .copied()
        .min_by(|a, b| volts(a).total_cmp(&volts(b)));
    let chosen = [
        ("first light", (!told.is_empty()).then_some(0)),
        ("coldest in full light", coldest),
        ("hottest in full light", hottest),
        ("last curve", told.len().checked_sub(1)),
    ];
    let mut moments: Vec<Moment> = Vec::new();
    for (name, place) in chosen {
        let Some((at, points)) = place.and_then(|place| told.get(place)).copied() else {
            continue;
        };
        let Ok(curve) = points.curve() else { continue };
        if moments.iter().any(|known| known.at == at) {
            continue;
        }
        moments.push(Moment {
            name,
            at,
            points,
            most: curve.max_power(),
            measured: measured(device, story, at),
        });
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Voltage and current of the first readings from `at` on.
fn measured(device: &DeviceHeader, story: &DeviceStory, at: BenchTime) -> Option<(f64, f64)> {
    let of = |name: &str| {
        let place = device.channels.iter().position(|c| &*c.name == name)?;
        story
            .channels
            .get(place)
            .and_then(|series| next(series, at))
    };
    Some((of("volts")?, of("amps")?))
}

fn next(series: &Series, at: BenchTime) -> Option<f64> {
    let from = at.as_micros();
    let buckets: &[Bucket] = series.buckets();
    let bucket = buckets.get(buckets.partition_point(|bucket| bucket.to_us < from))?;
    Some(if bucket.from_us >= from {
        bucket.first
    } else {
        bucket.last
    })
}

fn figure(device: &str, moments: &[Moment]) -> Figure {
    let end = moments.iter().map(|m| m.points.voc.0).fold(0.0, f64::max);
    let panel = |quantity: &str, unit: &str, of: fn(f64, f64) -> f64| {
        let mut panel = Panel {
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
            weight: 1.0,
            with_zero: true,
            traces: Vec::new(),
            limits: Vec::new(),
            bands: Vec::new(),
            worst: Vec::new(),
        };
        for (place, moment) in moments.iter().enumerate() {
            let Ok(curve) = moment.points.curve() else {
                continue;
            };
            let number = place + 1;
            panel.traces.push(Trace {
                label: format!("{number} {}", moment.name),
                pen: Pen::at(place),
                lines: vec![line(&curve, of)],
                extremes: Vec::new(),
            });
            let mut spot = |(volts, amps): (f64, f64), label: String| {
                let value = of(volts, amps);
                let at = volts;
                panel.worst.push(Spot { at, value, label });
            };
            spot(moment.most, format!("max {number}"));
            if let Some(measured) = moment.measured {
                spot(measured, format!("op {number}"));
            }
        }
        panel
    };
    Figure {
        title: format!("Curves of {}", super::super::words::spoken(device)),
        time: TimeAxis::of_measure("voltage / V".to_owned(), 0.0, 1.03 * end),
        panels: vec![
            panel("current", "A", |_, amps| amps),
            panel("power", "W", |volts, amps| volts * amps),
        ],
    }
}

/// A curve from short circuit to open circuit, by what `of` makes of volts and amperes.
fn line(curve: &ArrayCurve, of: fn(f64, f64) -> f64) -> Vec<(f64, f64)> {
    let corners = curve.corners().into_iter().rev();
    corners
        .map(|(volts, amps)| (volts, of(volts, amps)))
        .collect()
}

/// What a table tells of a moment after its name and time: the four points, the most power, what was measured,
/// and the share.
pub fn told_of(moment: &Moment) -> [String; 8] {
    let points = &moment.points;
    let measured = |of: fn((f64, f64)) -> f64, unit: &str| {
        let told = moment.measured.map(|point| quantity(of(point), unit));
        told.unwrap_or_else(|| "–".to_owned())
    };
    let share = moment
        .share()
        .map(|share| number((1_000.0 * share).round() * 0.1));
    [
        clock(moment.at),
        format!("{} / {}", number(points.isc.0), number(points.voc.0)),
        format!("{} / {}", number(moment.most.1), number(moment.most.0)),
        quantity(moment.most.0 * moment.most.1, "W"),
        measured(|(_, amps)| amps, "A"),
        measured(|(volts, _)| volts, "V"),
        measured(|(volts, amps)| volts * amps, "W"),
        share.unwrap_or_else(|| "–".to_owned()),
    ]
}
