//! Interlocks, as wirings and campaigns write them: what is watched, and what is told when it holds.

use super::campaign::{RawSet, set};
use super::reader::{Located, Node, TableReader};
use super::refusal::Place;

/// `[[interlock]]`.
#[derive(Clone, Debug)]
pub struct RawInterlock {
    /// Its place.
    pub place: Place,
    /// Its name.
    pub name: Located<String>,
    /// What it watches: `chamber.air`.
    pub channel: Located<String>,
    /// It holds above this number.
    pub above: Option<Located<f64>>,
    /// It holds below this number.
    pub below: Option<Located<f64>>,
    /// It holds in this state.
    pub is: Option<Located<String>>,
    /// What is told when it holds.
    pub then: Vec<RawSet>,
    /// How long that may take, s.
    pub within: Located<f64>,
    /// Whether all that is written could be read.
    pub is_whole: bool,
}

/// All interlocks of a file.
pub(super) fn interlocks(root: &TableReader<'_>) -> Vec<RawInterlock> {
    let nodes = root
        .get("interlock")
        .and_then(|node| node.list("interlock"));
    nodes.iter().flatten().filter_map(interlock).collect()
}

fn interlock(node: &Node<'_>) -> Option<RawInterlock> {
    let before = node.noted();
    let table = node.table("[[interlock]]")?;
    let name = table.required("name").and_then(|node| node.name());
    let channel = table.required("channel").and_then(|node| node.text());
    let number = |key| table.get(key).and_then(|node| node.number());
    let (above, below) = (number("above"), number("below"));
    let is = table.get("is").and_then(|node| node.text());
    let then = table
        .required("then")
        .and_then(|node| node.list("interlock.then"));
    let then = then.iter().flatten().filter_map(set).collect();
    let within = table.required("within").and_then(|node| node.duration());
    let place = table.place().clone();
    table.finish();
    Some(RawInterlock {
        place,
        name: name?,
        channel: channel?,
        above,
        below,
        is,
        then,
        within: within?,
        is_whole: node.noted() == before,
    })
}
