//! Several lumps that warm and cool, joined by conduction and radiation.

use super::thermal_mass::STEFAN_BOLTZMANN;

/// 0 degC, K.
const ZERO_CELSIUS: f64 = 273.15;

/// Share of the fastest time constant that one internal step may take.
const STEP_SHARE: f64 = 0.05;

/// One lump.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Heat capacity, J/K.
    pub heat_capacity: f64,
    /// Area that radiates to space times its emissivity, m2.
    pub emissive_area: f64,
    /// Temperature, degC.
    pub celsius: f64,
}

/// What joins two lumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// The two, by their places.
    pub between: [usize; 2],
    /// Conductance, W/K.
    pub conductance: f64,
    /// Radiative coupling: area times emissivity times view factor, m2.
    pub radiative: f64,
}

/// Where the heat of a network went, J.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatBalance {
    /// Put in.
    pub put_in: f64,
    /// Radiated to space, less what came from there.
    pub radiated: f64,
    /// Kept by the lumps.
    pub kept: f64,
}

/// Lumps and joints.
#[derive(Clone, Debug, PartialEq)]
pub struct ThermalNetwork {
    nodes: Vec<Node>,
    joints: Vec<Joint>,
    sink_kelvin: f64,
}

impl ThermalNetwork {
    /// A network that radiates to `sink_kelvin`; `None` if a joint names no lump, or joins one
    /// to itself, or a lump has no heat capacity.
    pub fn new(nodes: Vec<Node>, joints: Vec<Joint>, sink_kelvin: f64) -> Option<ThermalNetwork> {
        let known = |joint: &Joint| {
            let [a, b] = joint.between;
            a != b && a < nodes.len() && b < nodes.len()
        };
        let good = joints.iter().all(known) && nodes.iter().all(|node| node.heat_capacity > 0.0);
        good.then_some(ThermalNetwork {
            nodes,
            joints,
            sink_kelvin,
        })
    }

    /// The lumps.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Lets `seconds` pass with `watts` into each lump (none where the list is shorter).
    ///
    /// By the midpoint rule in steps well below the fastest time constant; what leaves one lump
    /// enters another by the same number, so that no heat is lost.
    pub fn advance(&mut self, watts: &[f64], seconds: f64) -> HeatBalance {
        let mut balance = HeatBalance::default();
        let steps = (seconds / (STEP_SHARE * self.fastest_seconds())).ceil();
        // A network that exchanges nothing has no time constant: one step is exact.
        let steps = if steps.is_finite() {
            steps.max(1.0)
        } else {
            1.0
        };
        let step = seconds / steps;
        for _ in 0..steps as u64 {
            let now: Vec<f64> = self.nodes.iter().map(|node| node.celsius).collect();
            let (first, _) = self.flows(&now, watts);
            let capacity = |place: usize| self.nodes[place].heat_capacity;
            let middle: Vec<f64> = (0..now.len())
                .map(|place| now[place] + 0.5 * step * first[place] / capacity(place))
                .collect();
            let (flows, radiated) = self.flows(&middle, watts);
            for (node, flow) in self.nodes.iter_mut().zip(&flows) {
                let before = node.celsius;
                node.celsius += step * flow / node.heat_capacity;
                balance.kept += node.heat_capacity * (node.celsius - before);
            }
            balance.put_in += step * watts.iter().take(now.len()).sum::<f64>();
            balance.radiated += step * radiated;
        }
        balance
    }

    /// Heat into each lump, W, and what all of them radiate to space, W.
    fn flows(&self, celsius: &[f64], watts: &[f64]) -> (Vec<f64>, f64) {
        let fourth = |celsius: f64| (celsius + ZERO_CELSIUS).powi(4);
        let mut flows: Vec<f64> = (0..celsius.len())
            .map(|place| watts.get(place).copied().unwrap_or(0.0))
            .collect();
        let mut radiated = 0.0;
        for (place, node) in self.nodes.iter().enumerate() {
            let difference = fourth(celsius[place]) - self.sink_kelvin.powi(4);
            let out = node.emissive_area * STEFAN_BOLTZMANN * difference;
            flows[place] -= out;
            radiated += out;
        }
        for joint in &self.joints {
            let [a, b] = joint.between;
            let over = joint.conductance * (celsius[a] - celsius[b])
                + joint.radiative * STEFAN_BOLTZMANN * (fourth(celsius[a]) - fourth(celsius[b]));
            flows[a] -= over;
            flows[b] += over;
        }
        (flows, radiated)
    }

    /// The shortest time constant, s; infinite where nothing is exchanged.
    fn fastest_seconds(&self) -> f64 {
        let mut conductance = vec![0.0; self.nodes.len()];
        let radiative = |area: f64, place: usize| {
            // Where a lump is cold now it may be warm soon: at least room temperature.
            let kelvin = (self.nodes[place].celsius + ZERO_CELSIUS).max(300.0);
            4.0 * area * STEFAN_BOLTZMANN * kelvin.powi(3)
        };
        for (place, node) in self.nodes.iter().enumerate() {
            conductance[place] += radiative(node.emissive_area, place);
        }
        for joint in &self.joints {
            for place in joint.between {
                conductance[place] += joint.conductance + radiative(joint.radiative, place);
            }
        }
        let constants = self.nodes.iter().zip(conductance);
        constants
            .map(|(node, conductance)| node.heat_capacity / conductance)
            .fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(heat_capacity: f64, emissive_area: f64, celsius: f64) -> Node {
        Node {
            name: String::new(),
            heat_capacity,
            emissive_area,
            celsius,
        }
    }

    #[test]
    fn two_lumps_meet_at_their_mean() {
        let joint = Joint {
            between: [0, 1],
            conductance: 2.0,
            radiative: 0.0,
        };
        let nodes = vec![node(100.0, 0.0, 0.0), node(300.0, 0.0, 40.0)];
        let mut network = ThermalNetwork::new(nodes, vec![joint], 2.7).unwrap();
        network.advance(&[], 5_000.0);
        assert!(
            network
                .nodes()
                .iter()
                .all(|n| (n.celsius - 30.0).abs() < 1e-6)
        );
    }

    #[test]
    fn a_joint_to_nowhere_is_none() {
        let joint = Joint {
            between: [0, 1],
            conductance: 2.0,
            radiative: 0.0,
        };
        let nodes = vec![node(100.0, 0.0, 0.0)];
        assert!(ThermalNetwork::new(nodes, vec![joint], 2.7).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_heat_is_lost(
            celsius in (-50.0..80.0_f64, -50.0..80.0_f64, -50.0..80.0_f64),
            watts in (0.0..200.0_f64, 0.0..200.0_f64),
            conductance in 0.0..5.0_f64,
            seconds in 1.0..5_000.0_f64,
        ) {
            let nodes = vec![
                node(900.0, 0.02, celsius.0),
                node(7_000.0, 0.3, celsius.1),
                node(2_500.0, 0.1, celsius.2),
            ];
            let joint = |between, radiative| Joint { between, conductance, radiative };
            let joints = vec![joint([0, 1], 0.0), joint([1, 2], 0.05)];
            let mut network = ThermalNetwork::new(nodes, joints, 2.7).unwrap();
            let balance = network.advance(&[watts.0, watts.1], seconds);
            let error = balance.put_in - balance.radiated - balance.kept;
            let flowed = balance.put_in.abs() + balance.radiated.abs() + balance.kept.abs();
            proptest::prop_assert!(error.abs() < 1e-6 * flowed.max(1.0), "{balance:?}");
        }
    }
}
