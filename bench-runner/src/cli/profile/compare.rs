//! Another tool's edges beside ours.

use std::fmt::Write;
use std::path::Path;

use profiles::orbit::Utc;

use super::{Flown, print};
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::{Place, Refusal};
use crate::exit::Exit;

/// Edges farther apart than this are not the same one, s: a fifth of the shortest revolution.
const SAME: f64 = 1_000.0;

/// What the file may call its columns.
const EVENT: &str = "event";

/// An edge of another tool: its time is in seconds from the start, or an instant.
pub(super) struct Other {
    event: String,
    at: When,
}

enum When {
    Seconds(f64),
    Utc(Utc),
}

/// The edges of a CSV file; whatever is wrong in it is refused with line and columns.
pub(super) fn read(loader: &mut Loader, path: &Path) -> Option<Vec<Other>> {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (file, text) = loader.text(&Folder::Disk(folder), &name)?;
    let mut offset = 0;
    let mut columns: Option<(usize, Option<usize>, Option<usize>)> = None;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refuse = |from: usize, length: usize, message: String, expected: &str| {
            let span = start + from..start + from + length.max(1);
            Refusal::at(&Place { file, span }, message, expected)
        };
        let cells: Vec<&str> = line.split(',').collect();
        let Some((event, seconds, utc)) = columns else {
            let find = |wanted: &str| cells.iter().position(|cell| cell.trim() == wanted);
            let (seconds, utc) = (find("t_s"), find("utc"));
            let Some(event) = find(EVENT).filter(|_| seconds.or(utc).is_some()) else {
                let message = "the heading names no edges".to_owned();
                let expected = "expected the columns `event` and `t_s` (or `utc`)";
                let refusal = refuse(0, line.len(), message, expected);
                loader.refusals.push(refusal);
                return None;
            };
            columns = Some((event, seconds, utc));
            continue;
        };
        let cell = |at: usize| cells.get(at).map_or("", |cell| cell.trim());
        let place = |at: usize| -> usize { cells.iter().take(at).map(|cell| cell.len() + 1).sum() };
        let at = match (seconds, utc) {
            (Some(at), _) => cell(at).parse().ok().map(When::Seconds),
            (None, Some(at)) => Utc::parse(cell(at)).ok().map(When::Utc),
            (None, None) => None,
        };
        let column = seconds.or(utc).unwrap_or(event);
        let Some(at) = at.filter(|at| !matches!(at, When::Seconds(s) if !s.is_finite())) else {
            let message = format!("`{}` is no time of an edge", cell(column));
            let expected = "expected seconds from the start, or UTC";
            let refusal = refuse(place(column), cell(column).len(), message, expected);
            loader.refusals.push(refusal);
            continue;
        };
        found.push(Other {
            event: cell(event).to_owned(),
            at,
        });
    }
    Some(found)
}

/// One kind of event: differences, ours less theirs, s.
#[derive(Default)]
struct Kind {
    name: String,
    differences: Vec<f64>,
    only_ours: usize,
    only_theirs: usize,
}

pub(super) fn show(flown: &Flown, others: &[Other], within_ms: Option<f64>) -> Exit {
    let mut kinds: Vec<Kind> = Vec::new();
    let theirs = |name: &str| -> Vec<f64> {
        others
            .iter()
            .filter(|other| other.event == name)
            .map(|other| match &other.at {
                When::Seconds(seconds) => *seconds,
                When::Utc(at) => at.seconds_since(flown.flight.start),
            })
            .collect()
    };
    let mut names: Vec<&str> = others.iter().map(|other| other.event.as_str()).collect();
    let edges = ["penumbra_in", "umbra_in", "umbra_out", "penumbra_out"];
    names.extend(edges);
    names.sort_unstable();
    names.dedup();
    names.sort_by_key(|name| edges.iter().position(|edge| edge == name).unwrap_or(9));
    for name in names {
        let ours: Vec<f64> = flown
            .events
            .iter()
            .filter(|(event, _)| event == name)
            .map(|(_, at)| at.as_secs_f64())
            .collect();
        kinds.push(pair(name, &ours, &theirs(name)));
    }
    let mut text =
        String::from("\n  event            pairs   worst ms    mean ms  only here  only there\n");
    let mut good = true;
    for kind in &kinds {
        let worst = kind.differences.iter().fold(0.0_f64, |w, d| w.max(d.abs()));
        let sum: f64 = kind.differences.iter().sum();
        let mean = sum / kind.differences.len().max(1) as f64;
        let _always_ok = writeln!(
            text,
            "  {:<16} {:>5} {:>10.3} {:>10.3} {:>10} {:>11}",
            kind.name,
            kind.differences.len(),
            worst * 1e3,
            mean * 1e3,
            kind.only_ours,
            kind.only_theirs
        );
        let close = within_ms.is_none_or(|limit| worst * 1e3 <= limit);
        good &= close && kind.only_ours == 0 && kind.only_theirs == 0;
    }
    print(&text);
    if good || within_ms.is_none() {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

/// Pairs the nearest of two lists in order of time.
fn pair(name: &str, ours: &[f64], theirs: &[f64]) -> Kind {
    let mut kind = Kind {
        name: name.to_owned(),
        ..Kind::default()
    };
    let (mut a, mut b) = (0, 0);
    while a < ours.len() && b < theirs.len() {
        let difference = ours[a] - theirs[b];
        if difference.abs() <= SAME {
            kind.differences.push(difference);
            a += 1;
            b += 1;
        } else if difference < 0.0 {
            kind.only_ours += 1;
            a += 1;
        } else {
            kind.only_theirs += 1;
            b += 1;
        }
    }
    kind.only_ours += ours.len() - a;
    kind.only_theirs += theirs.len() - b;
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_has_alone_is_counted() {
        let kind = pair(
            "umbra_in",
            &[10.0, 6_000.0, 12_000.0],
            &[10.5, 12_001.0, 20_000.0],
        );
        assert_eq!(kind.differences, [-0.5, -1.0]);
        assert_eq!((kind.only_ours, kind.only_theirs), (1, 1));
    }
}
