//! `[[mesh]]`: work that several boards share, as it is written.

use crate::config::Located;
use crate::config::reader::Node;

/// `[[mesh]]`.
#[derive(Clone, Debug)]
pub struct RawMesh {
    /// Its name.
    pub name: Located<String>,
    /// The workloads that share it.
    pub workloads: Vec<Located<String>>,
    /// How often a task arrives, s.
    pub every: Located<f64>,
    /// How long a task may wait, s.
    pub lost_after: Option<Located<f64>>,
    /// When tasks arrive; in all steps if absent.
    pub during: Option<Vec<Located<String>>>,
    /// By workload, when its board can be reached.
    pub links: Vec<(Located<String>, Located<String>)>,
    /// What a link carries, Mbit/s.
    pub rate_mbps: Option<Located<f64>>,
}

pub(super) fn mesh(node: &Node<'_>) -> Option<RawMesh> {
    let table = node.table("[[mesh]]")?;
    let name = table.required("name").and_then(|node| node.name());
    let workloads = table.required("workloads").and_then(|node| node.texts());
    let every = table.required("every").and_then(|node| node.duration());
    let lost_after = table.get("lost_after").and_then(|node| node.duration());
    let during = table.get("during").and_then(|node| node.texts());
    let rate_mbps = table.get("rate_mbps").and_then(|node| node.number());
    let mut links = Vec::new();
    if let Some(node) = table.get("links")
        && let Some(ways) = node.table("`links`")
    {
        for (workload, node) in ways.entries() {
            links.extend(node.text().map(|link| (workload, link)));
        }
    }
    table.finish();
    Some(RawMesh {
        name: name?,
        workloads: workloads?,
        every: every?,
        lost_after,
        during,
        links,
        rate_mbps,
    })
}
