//! States: what devices said of their own state, as strips over time.

use serde::Serialize;

use super::super::words;
use crate::header::DeviceHeader;
use crate::report::{Change, DeviceStory, Report};

use super::time_axis;

/// Most strips below one figure.
const STRIPS: usize = 8;

/// One channel of states.
#[derive(Clone, Debug, Serialize)]
pub struct Strip {
    /// Device and channel.
    pub label: String,
    /// Its states, one after the other.
    pub spans: Vec<Span>,
}

/// One state while it lasts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// From when, in seconds.
    pub from: f64,
    /// To when.
    pub to: f64,
    /// The state's name.
    pub state: String,
    /// Its number.
    pub number: u16,
}

/// The states of the boards; those that never change come last and go first where there is no
/// room.
pub fn states(report: &Report) -> Vec<Strip> {
    let end = report.end().as_secs_f64().min(time_axis(report).end);
    let boards = report.of_role("accelerator");
    let mut strips: Vec<Strip> = boards
        .flat_map(|(_, device, story)| of_device(device, story, end))
        .collect();
    if strips.len() > STRIPS {
        strips.sort_by_key(|strip| strip.spans.len() == 1);
        strips.truncate(STRIPS);
    }
    strips
}

/// Contacts, links and regions of the orbit that happen, a strip for each name, in order of
/// their first times.
pub fn windows(report: &Report) -> Vec<Strip> {
    let mut strips: Vec<Strip> = Vec::new();
    for named in &report.header.windows {
        let span = Span {
            from: named.window.start.as_secs_f64(),
            to: named.window.end.as_secs_f64(),
            // The strip says it already.
            state: String::new(),
            number: 1,
        };
        match strips.iter_mut().find(|strip| strip.label == named.name) {
            Some(strip) => strip.spans.push(span),
            None => strips.push(Strip {
                label: named.name.clone(),
                spans: vec![span],
            }),
        }
    }
    strips.truncate(STRIPS);
    strips
}

fn of_device(device: &DeviceHeader, story: &DeviceStory, end: f64) -> Vec<Strip> {
    let channels = device.channels.iter().zip(&story.changes);
    let told = channels.filter(|(spec, changes)| !spec.states.is_empty() && !changes.is_empty());
    told.map(|(spec, changes)| {
        let name = |state: u16| match spec.states.get(usize::from(state)) {
            Some(name) => name.to_string(),
            None => state.to_string(),
        };
        let label = words::spoken(&format!("{} {}", device.name, spec.name));
        Strip {
            label,
            spans: spans(changes, name, end),
        }
    })
    .collect()
}

fn spans(changes: &[Change], name: impl Fn(u16) -> String, end: f64) -> Vec<Span> {
    let ends = changes
        .iter()
        .skip(1)
        .map(|change| change.at.as_secs_f64())
        .chain([end]);
    let spans = changes.iter().zip(ends).map(|(change, to)| Span {
        from: change.at.as_secs_f64(),
        to,
        state: name(change.state),
        number: change.state,
    });
    spans.collect()
}
