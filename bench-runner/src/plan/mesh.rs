//! Meshes: work that several boards share, and when each of them can be reached.

use std::collections::BTreeMap;
use std::sync::Arc;

use profiles::time::{BenchTime, Period, Window};
use reports::event::DeviceId;
use reports::golden::Goldens;
use reports::header::{Header, NamedWindow, Seat};

use super::steps::every_step;
use super::{BoardWork, Planner};
use crate::config::Located;
use crate::config::campaign::{RawCampaign, RawMesh};
use crate::config::refusal::Refusal;

/// How often tasks may arrive, s.
const EVERY: std::ops::RangeInclusive<f64> = 0.01..=86_400.0;
/// How long a task may wait, s.
const WAITS: std::ops::RangeInclusive<f64> = 0.1..=86_400.0;
/// How long a task may wait, where the campaign does not say, s: an orbit.
const WAIT: f64 = 5_400.0;
/// What a link may carry, Mbit/s: from a UHF radio to a laser.
const RATES: std::ops::RangeInclusive<f64> = 1e-4..=1e5;
/// What a link carries, where the campaign does not say, Mbit/s: an S-band crosslink.
const RATE: f64 = 1.0;
/// Most tasks of a mesh.
const MOST: usize = 1_000_000;

/// Work that boards share.
#[derive(Clone, Debug, PartialEq)]
pub struct MeshPlan {
    /// Its name.
    pub name: String,
    /// When its tasks arrive, in order.
    pub arrivals: Vec<BenchTime>,
    /// How long a task may wait.
    pub lost_after: Period,
    /// Inputs that tasks go through, one after the other.
    pub inputs: u16,
}

/// A board's place in a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct SeatPlan {
    /// Its way; none, if the work is where the board is.
    pub link: Option<LinkPlan>,
}

/// A way to a board.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPlan {
    /// When it is there, in order.
    pub windows: Vec<Window>,
    /// What it carries, bit/s.
    pub bits_per_s: f64,
}

impl MeshPlan {
    /// When a task arrives, by its number.
    pub fn arrival(&self, number: u32) -> Option<BenchTime> {
        self.arrivals.get(number as usize).copied()
    }

    /// The input of a task, by its number.
    pub fn input(&self, number: u32) -> u16 {
        (number % u32::from(self.inputs.max(1))) as u16
    }
}

/// A workload's place in a mesh.
pub(super) type Seats = BTreeMap<usize, (Arc<MeshPlan>, SeatPlan)>;

/// The work of each board, with its seat where it has one.
pub(super) fn seated(
    mut work: BTreeMap<DeviceId, BoardWork>,
    mut seats: Seats,
) -> BTreeMap<DeviceId, BoardWork> {
    for board in work.values_mut() {
        board.seat = seats.remove(&usize::from(board.workload));
    }
    work
}

impl Planner {
    /// The meshes, resolved: the seat of each workload that has one, also in the header.
    pub(super) fn meshes(
        &mut self,
        campaign: &RawCampaign,
        header: &mut Header,
        goldens: &Goldens,
    ) -> Seats {
        let mut seats = Seats::new();
        for (place, raw) in campaign.meshes.iter().enumerate() {
            let named = |name: &str| name == raw.name.value;
            let earlier = campaign.meshes[..place].iter();
            if earlier.map(|mesh| mesh.name.value.as_str()).any(named)
                || campaign
                    .workloads
                    .iter()
                    .any(|workload| named(&workload.name.value))
            {
                let message = format!("a workload or mesh is named `{}` already", raw.name.value);
                self.refuse(Refusal::at(
                    &raw.name.place,
                    message,
                    "expected another name",
                ));
                continue;
            }
            let members = self.members(raw, campaign, header, &seats);
            let rate = self.in_range(
                raw.rate_mbps.as_ref(),
                "rate_mbps",
                (&RATES, RATE, "Mbit/s"),
            );
            let wait = self.in_range(raw.lost_after.as_ref(), "lost_after", (&WAITS, WAIT, "s"));
            let every = self.in_range(Some(&raw.every), "every", (&EVERY, 1.0, "s"));
            let windows = match &raw.during {
                Some(names) => self.during(names, header).unwrap_or_default(),
                None => every_step(header),
            };
            let Some(arrivals) = arrivals(&windows, every) else {
                let message = format!("more than {MOST} tasks");
                let expected = "expected them less often";
                self.refuse(Refusal::at(&raw.every.place, message, expected));
                continue;
            };
            let Some(&first) = members.first() else {
                continue;
            };
            let golden = goldens.workloads.get(&header.workloads[first].golden);
            let inputs = golden.map_or(1, |golden| golden.sample_count()) as u16;
            let plan = Arc::new(MeshPlan {
                name: raw.name.value.clone(),
                lost_after: Period::millis((wait * 1e3).round() as u32),
                inputs,
                arrivals,
            });
            for member in members {
                let name = header.workloads[member].name.clone();
                let link = raw
                    .links
                    .iter()
                    .find(|(workload, _)| workload.value == name);
                let way = link.map(|(_, link)| LinkPlan {
                    windows: self.link_windows(link, header),
                    bits_per_s: rate * 1e6,
                });
                header.workloads[member].seat = Some(Seat {
                    mesh: plan.name.clone(),
                    link: link.map(|(_, link)| link.value.clone()),
                    open: way.iter().flat_map(|way| way.windows.clone()).collect(),
                    tasks: plan.arrivals.len() as u32,
                });
                seats.insert(member, (Arc::clone(&plan), SeatPlan { link: way }));
            }
        }
        seats
    }

    /// The places of the workloads that share a mesh.
    fn members(
        &mut self,
        raw: &RawMesh,
        campaign: &RawCampaign,
        header: &Header,
        seats: &Seats,
    ) -> Vec<usize> {
        let mut members: Vec<usize> = Vec::new();
        for name in &raw.workloads {
            let place = header.workloads.iter().position(|it| it.name == name.value);
            let Some(place) = place else {
                let known = header.workloads.iter().map(|it| it.name.as_str());
                self.unknown(&name.place, "workload", &name.value, known);
                continue;
            };
            let golden = |place: usize| header.workloads[place].golden.as_str();
            let scenario = header.workloads[place].scenario.as_str();
            let why = if seats.contains_key(&place) || members.contains(&place) {
                Some(format!("`{}` is in a mesh already", name.value))
            } else if scenario != "single-stream" {
                Some(format!(
                    "`{}` has `scenario = \"{scenario}\"`: a mesh hands its tasks",
                    name.value
                ))
            } else {
                let other = members
                    .first()
                    .filter(|first| golden(**first) != golden(place));
                other.map(|first| {
                    let (own, first) = (golden(place), golden(*first));
                    format!(
                        "`{}` has golden `{own}`, and others of the mesh `{first}`",
                        name.value
                    )
                })
            };
            match why {
                Some(message) => {
                    let expected = "expected workloads with one golden, each in one mesh";
                    self.refuse(Refusal::at(&name.place, message, expected));
                }
                None => members.push(place),
            }
        }
        for (workload, _) in &raw.links {
            if !raw
                .workloads
                .iter()
                .any(|name| name.value == workload.value)
            {
                let known = raw.workloads.iter().map(|name| name.value.as_str());
                self.unknown(
                    &workload.place,
                    "workload of the mesh",
                    &workload.value,
                    known,
                );
            }
        }
        if raw.workloads.is_empty() && campaign.lost.is_empty() {
            let message = format!("nobody works for `{}`", raw.name.value);
            let expected = "expected the names of workloads";
            self.refuse(Refusal::at(&raw.name.place, message, expected));
        }
        members
    }

    /// A number within its range, or what it is where nobody says.
    fn in_range(
        &mut self,
        number: Option<&Located<f64>>,
        key: &str,
        (range, usual, unit): (&std::ops::RangeInclusive<f64>, f64, &str),
    ) -> f64 {
        let Some(number) = number else { return usual };
        if range.contains(&number.value) {
            return number.value;
        }
        let message = format!("`{key}` is {} {unit}", number.value);
        let expected = format!("expected from {} to {} {unit}", range.start(), range.end());
        self.refuse(Refusal::at(&number.place, message, expected));
        usual
    }

    fn link_windows(&mut self, link: &Located<String>, header: &Header) -> Vec<Window> {
        let windows = self.during(std::slice::from_ref(link), header);
        let windows = windows.unwrap_or_default();
        windows.iter().map(|named| named.window).collect()
    }
}

/// When tasks arrive in these windows: at the start of each, and then as often as `every` says, s.
/// `None` for too many.
fn arrivals(windows: &[NamedWindow], every: f64) -> Option<Vec<BenchTime>> {
    let step = (every * 1e6).round().max(1.0) as u64;
    let mut arrivals = Vec::new();
    for named in windows {
        let mut at = named.window.start;
        while at < named.window.end {
            if arrivals.len() == MOST {
                return None;
            }
            arrivals.push(at);
            at = at.plus_micros(step);
        }
    }
    arrivals.sort_unstable();
    Some(arrivals)
}
