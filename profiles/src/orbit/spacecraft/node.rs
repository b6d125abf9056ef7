//! Lumps of the satellite beside its baseplate: boards, plates, radiators; and the surroundings
//! that warm them.

use serde::{Deserialize, Serialize};

use super::Spacecraft;
use crate::physics::thermal_network::{Joint, Node, ThermalNetwork};

/// The name of the baseplate among the lumps.
pub const BASEPLATE: &str = "baseplate";

/// Temperature of deep space, K.
const SPACE_KELVIN: f64 = 2.7;

/// Most lumps beside the baseplate.
pub const MOST_NODES: usize = 32;

/// Shortest time constant of a lump, s: what is faster belongs to a finer tool, and would make
/// a prediction crawl.
pub(super) const FASTEST_SECONDS: f64 = 1.0;

/// A lump beside the baseplate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThermalNode {
    /// Its name.
    pub name: String,
    /// Heat capacity, J/K.
    pub heat_capacity_j_per_k: f64,
    /// Area that radiates to space and takes up sunlight, m².
    pub radiator_m2: f64,
    /// Emissivity of that area in the infrared, 0 to 1.
    pub emissivity: f64,
    /// Absorptivity of that area for sunlight, 0 to 1.
    pub absorptivity: f64,
    /// Mean cosine between the area and the Sun, 0 to 1; 0 never sees it.
    pub sun_share: f64,
    /// How much of the area's view of the Earth a plate has that faces it, 0 to 1; 0 never sees
    /// the Earth, neither its infrared nor what it reflects.
    pub earth_share: f64,
    /// Heat that is made in it in sunlight and penumbra, W.
    pub sunlit_watts: f64,
    /// Heat that is made in it in the umbra, W.
    pub eclipse_watts: f64,
    /// Share of what the satellite draws that becomes heat in it, 0 to 1.
    pub load_share: f64,
    /// Temperature at the start, °C.
    pub initial_celsius: f64,
    /// A heater keeps it from getting colder, °C.
    pub min_celsius: f64,
    /// A louvre keeps it from getting hotter, °C.
    pub max_celsius: f64,
}

impl Default for ThermalNode {
    /// A board inside: a kilogramme, no radiator, no heater.
    fn default() -> ThermalNode {
        ThermalNode {
            name: String::new(),
            heat_capacity_j_per_k: 900.0,
            radiator_m2: 0.0,
            emissivity: 0.85,
            absorptivity: 0.2,
            sun_share: 0.0,
            earth_share: 0.0,
            sunlit_watts: 0.0,
            eclipse_watts: 0.0,
            load_share: 0.0,
            initial_celsius: 17.0,
            min_celsius: -200.0,
            max_celsius: 200.0,
        }
    }
}

/// What joins two lumps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThermalJoint {
    /// Their names; the baseplate is `baseplate`.
    pub between: [String; 2],
    /// Conductance, W/K.
    pub conductance_w_per_k: f64,
    /// Radiative coupling: area times emissivity times view factor, m².
    pub radiative_m2: f64,
}

/// How hard the surroundings are on the satellite's temperatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThermalCase {
    /// The Sun of the date, a mean Earth: albedo 0.30, 237 W/m².
    #[default]
    Nominal,
    /// The Sun at perihelion, 1414 W/m²; albedo 0.28 and 275 W/m², the hot pair of orbit means.
    /// Not the extremes of both, which do not come together.
    Hot,
    /// The Sun at aphelion, 1322 W/m²; albedo 0.25 and 216 W/m², the cold pair.
    Cold,
}

/// Sunlight, reflected sunlight and infrared of the Earth, for temperatures only: the array has
/// the Sun of the date.
///
/// The pairs are orbit means in common use in design (Earth infrared 216 to 275 W/m², albedo
/// 0.20 to 0.35); NASA/TM-2001-211221 (Anderson, Justus, Batts) has tables by inclination and
/// averaging time, which a design should take instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Which case.
    pub case: ThermalCase,
    /// Sunlight outside of the shadow instead of the case's, W/m².
    pub solar_w_m2: Option<f64>,
    /// Albedo instead of the case's, 0 to 1.
    pub albedo: Option<f64>,
    /// Infrared that the Earth emits instead of the case's, W/m².
    pub earth_infrared_w_m2: Option<f64>,
}

/// What a mean Earth reflects and emits: a share, and W/m².
pub(in crate::orbit) const MEAN_EARTH: (f64, f64) = (0.30, 237.0);

impl Environment {
    /// Sunlight outside of the shadow, W/m²; `None` is that of the date.
    pub fn solar(&self) -> Option<f64> {
        self.solar_w_m2.or(match self.case {
            ThermalCase::Nominal => None,
            ThermalCase::Hot => Some(1_414.0),
            ThermalCase::Cold => Some(1_322.0),
        })
    }

    /// Albedo of the Earth, 0 to 1, and the infrared that it emits, W/m².
    pub fn earth(&self) -> (f64, f64) {
        let (albedo, infrared) = match self.case {
            ThermalCase::Nominal => MEAN_EARTH,
            ThermalCase::Hot => (0.28, 275.0),
            ThermalCase::Cold => (0.25, 216.0),
        };
        (
            self.albedo.unwrap_or(albedo),
            self.earth_infrared_w_m2.unwrap_or(infrared),
        )
    }
}

/// What is wrong with a satellite's lumps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct HeatError {
    /// Which one, by its place in the list.
    pub at: HeatPlace,
    /// What is wrong with it.
    pub why: String,
    /// What it may be.
    pub expected: &'static str,
}

/// A lump or a joint, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeatPlace {
    /// One of [`Spacecraft::nodes`].
    Node(usize),
    /// One of [`Spacecraft::joints`].
    Joint(usize),
}

impl Spacecraft {
    /// The names of the lumps, the baseplate first.
    pub fn node_names(&self) -> impl Iterator<Item = &str> {
        let nodes = self.nodes.iter().map(|node| node.name.as_str());
        std::iter::once(BASEPLATE).chain(nodes)
    }

    /// The network of the lumps, the baseplate first; joints that name no lump are left out.
    pub(in crate::orbit) fn network(&self) -> ThermalNetwork {
        let plate = Node {
            name: BASEPLATE.to_owned(),
            heat_capacity: self.thermal.heat_capacity_j_per_k,
            emissive_area: self.thermal.radiator_m2 * self.thermal.emissivity,
            celsius: self.thermal.initial_celsius,
        };
        let others = self.nodes.iter().map(|node| Node {
            name: node.name.clone(),
            heat_capacity: node.heat_capacity_j_per_k,
            emissive_area: node.radiator_m2 * node.emissivity,
            celsius: node.initial_celsius,
        });
        let nodes = std::iter::once(plate).chain(others).collect();
        let joints = self.joints.iter().filter_map(|joint| {
            let place = |name: &str| self.node_names().position(|known| known == name);
            let between = [place(&joint.between[0])?, place(&joint.between[1])?];
            (between[0] != between[1]).then_some(Joint {
                between,
                conductance: joint.conductance_w_per_k,
                radiative: joint.radiative_m2,
            })
        });
        ThermalNetwork::new(nodes, joints.collect(), SPACE_KELVIN).unwrap_or_else(|| {
            // Only without a heat capacity, which `check_each` refuses.
            let none = ThermalNetwork::new(Vec::new(), Vec::new(), SPACE_KELVIN);
            none.expect("nothing is a network")
        })
    }

    /// Checks that the lumps and joints go together: names, and time constants that a step of a
    /// second can follow.
    ///
    /// # Errors
    /// For the first one that does not.
    pub fn check_heat(&self) -> Result<(), HeatError> {
        let wrong = |at, why: String, expected| Err(HeatError { at, why, expected });
        for (place, node) in self.nodes.iter().enumerate() {
            let at = HeatPlace::Node(place);
            if place >= MOST_NODES {
                let why = format!("{} lumps", self.nodes.len());
                return wrong(at, why, "at most 32");
            }
            if self
                .node_names()
                .take(place + 1)
                .any(|name| name == node.name)
            {
                let why = format!("two lumps are named `{}`", node.name);
                return wrong(at, why, "another name; the baseplate is there already");
            }
            if node.min_celsius > node.max_celsius {
                let why = format!(
                    "`{}` is held above {} and below {} degC",
                    node.name, node.min_celsius, node.max_celsius
                );
                return wrong(at, why, "`min_celsius` at most `max_celsius`");
            }
        }
        for (place, joint) in self.joints.iter().enumerate() {
            let at = HeatPlace::Joint(place);
            for name in &joint.between {
                if !self.node_names().any(|known| known == name) {
                    let why = format!("no lump is named `{name}`");
                    return wrong(at, why, "`baseplate`, or the `name` of a [[thermal.node]]");
                }
            }
            if joint.between[0] == joint.between[1] {
                let why = format!("`{}` is joined to itself", joint.between[0]);
                return wrong(at, why, "two different names");
            }
        }
        let network = self.network();
        for place in 0..self.nodes.len() {
            let seconds = network.settling_seconds(place + 1);
            if seconds < FASTEST_SECONDS {
                let name = &self.nodes[place].name;
                let why = format!("`{name}` follows its surroundings in {seconds:.3} s");
                return wrong(
                    HeatPlace::Node(place),
                    why,
                    "1 s or more: a larger heat capacity, or weaker joints",
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> ThermalNode {
        ThermalNode {
            name: name.into(),
            ..ThermalNode::default()
        }
    }

    fn joint(a: &str, b: &str, conductance_w_per_k: f64) -> ThermalJoint {
        ThermalJoint {
            between: [a.into(), b.into()],
            conductance_w_per_k,
            radiative_m2: 0.0,
        }
    }

    #[test]
    fn lumps_that_do_not_go_together_are_refused_by_place() {
        let good = Spacecraft {
            nodes: vec![named("board"), named("radiator")],
            joints: vec![
                joint("board", "baseplate", 2.0),
                joint("radiator", "board", 1.0),
            ],
            ..Spacecraft::default()
        };
        assert_eq!(good.check_heat(), Ok(()));
        let told = |change: fn(&mut Spacecraft)| {
            let mut bad = good.clone();
            change(&mut bad);
            let error = bad.check_heat().unwrap_err();
            (error.at, error.why)
        };
        let (at, why) = told(|bad| bad.nodes[1].name = "baseplate".into());
        assert_eq!(
            (at, why.as_str()),
            (HeatPlace::Node(1), "two lumps are named `baseplate`")
        );
        let (at, why) = told(|bad| bad.joints[1].between[0] = "radiater".into());
        assert_eq!(
            (at, why.as_str()),
            (HeatPlace::Joint(1), "no lump is named `radiater`")
        );
        let (at, _) = told(|bad| bad.joints[0].between[1] = "board".into());
        assert_eq!(at, HeatPlace::Joint(0));
        let (at, why) = told(|bad| bad.joints[1].conductance_w_per_k = 1e6);
        assert_eq!(at, HeatPlace::Node(0));
        assert!(why.contains("follows its surroundings"), "{why}");
    }

    #[test]
    fn cases_can_be_changed_in_part() {
        let hot = Environment {
            case: ThermalCase::Hot,
            albedo: Some(0.35),
            ..Environment::default()
        };
        assert_eq!((hot.solar(), hot.earth()), (Some(1_414.0), (0.35, 275.0)));
        let nominal = Environment::default();
        assert_eq!((nominal.solar(), nominal.earth()), (None, MEAN_EARTH));
    }
}
