//! Several lumps that warm and cool, joined by conduction and radiation.

/// Stefan-Boltzmann constant, W/(m² K⁴) (CODATA 2018).
pub const STEFAN_BOLTZMANN: f64 = 5.670_374_419e-8;

/// 0 °C, K.
const ZERO_CELSIUS: f64 = 273.15;

/// Share of the fastest time constant that one internal step may take.
const STEP_SHARE: f64 = 0.05;

/// Temperature for which time constants are told, K: where a lump is cold now it may be warm soon.
const USUAL_KELVIN: f64 = 300.0;

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
    /// Temperatures within a step, degC, and flows, W: kept, so that a step allocates nothing.
    middle: Vec<f64>,
    flows: Vec<f64>,
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
        let count = nodes.len();
        good.then_some(ThermalNetwork {
            nodes,
            joints,
            sink_kelvin,
            middle: vec![0.0; count],
            flows: vec![0.0; count],
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
        let mut middle = std::mem::take(&mut self.middle);
        let mut flows = std::mem::take(&mut self.flows);
        let put_in = watts.iter().take(self.nodes.len()).sum::<f64>();
        for _ in 0..steps as u64 {
            for (now, node) in middle.iter_mut().zip(&self.nodes) {
                *now = node.celsius;
            }
            self.flow(&middle, watts, &mut flows);
            for ((now, node), flow) in middle.iter_mut().zip(&self.nodes).zip(&flows) {
                *now += 0.5 * step * flow / node.heat_capacity;
            }
            let radiated = self.flow(&middle, watts, &mut flows);
            for (node, flow) in self.nodes.iter_mut().zip(&flows) {
                let before = node.celsius;
                node.celsius += step * flow / node.heat_capacity;
                balance.kept += node.heat_capacity * (node.celsius - before);
            }
            balance.put_in += step * put_in;
            balance.radiated += step * radiated;
        }
        (self.middle, self.flows) = (middle, flows);
        balance
    }

    /// Holds a lump at or above `low` and at or below `high`, degC; the heat that this took, J
    /// (negative: taken away).
    pub fn hold(&mut self, place: usize, low: f64, high: f64) -> f64 {
        let Some(node) = self.nodes.get_mut(place) else {
            return 0.0;
        };
        let before = node.celsius;
        node.celsius = before.max(low).min(high);
        node.heat_capacity * (node.celsius - before)
    }

    /// Puts the heat into each lump, W, into `flows`; what all of them radiate to space, W.
    fn flow(&self, celsius: &[f64], watts: &[f64], flows: &mut [f64]) -> f64 {
        let fourth = |celsius: f64| {
            let square = (celsius + ZERO_CELSIUS) * (celsius + ZERO_CELSIUS);
            square * square
        };
        let space = self.sink_kelvin.powi(4);
        let mut radiated = 0.0;
        for (place, node) in self.nodes.iter().enumerate() {
            let out = node.emissive_area * STEFAN_BOLTZMANN * (fourth(celsius[place]) - space);
            flows[place] = watts.get(place).copied().unwrap_or(0.0) - out;
            radiated += out;
        }
        for joint in &self.joints {
            let [a, b] = joint.between;
            let mut over = joint.conductance * (celsius[a] - celsius[b]);
            if joint.radiative > 0.0 {
                let difference = fourth(celsius[a]) - fourth(celsius[b]);
                over += joint.radiative * STEFAN_BOLTZMANN * difference;
            }
            flows[a] -= over;
            flows[b] += over;
        }
        radiated
    }

    /// The shortest time constant, s; infinite where nothing is exchanged.
    pub fn fastest_seconds(&self) -> f64 {
        let constants = (0..self.nodes.len()).map(|place| self.settling_seconds(place));
        constants.fold(f64::INFINITY, f64::min)
    }

    /// Time in which 63 % of a change of this lump alone is done, s, at its temperature or at
    /// room temperature, whichever is warmer.
    pub fn settling_seconds(&self, place: usize) -> f64 {
        let node = &self.nodes[place];
        let kelvin = (node.celsius + ZERO_CELSIUS).max(USUAL_KELVIN);
        let radiation = 4.0 * STEFAN_BOLTZMANN * kelvin * kelvin * kelvin;
        let mut conductance = radiation * node.emissive_area;
        for joint in &self.joints {
            if joint.between.contains(&place) {
                conductance += joint.conductance + radiation * joint.radiative;
            }
        }
        node.heat_capacity / conductance
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
    fn a_sphere_in_sunlight_is_just_above_freezing() {
        // alpha = eps: T = (1361 / 4 / sigma)^(1/4) = 278.3 K, for any size.
        let sphere = node(8_000.0, 4.0, 80.0);
        let mut network = ThermalNetwork::new(vec![sphere], Vec::new(), 2.7).unwrap();
        network.advance(&[1_361.0], 300_000.0);
        let celsius = network.nodes()[0].celsius;
        assert!((celsius - 5.17).abs() < 0.05, "{celsius}");
    }

    #[test]
    fn one_second_steps_agree_with_finer_ones() {
        let cooled = |steps: u32, seconds: f64| {
            let plate = node(8_000.0, 0.3, 40.0);
            let mut network = ThermalNetwork::new(vec![plate], Vec::new(), 2.7).unwrap();
            for _ in 0..steps {
                network.advance(&[30.0], seconds);
            }
            network.nodes()[0].celsius
        };
        let (coarse, fine) = (cooled(2_000, 1.0), cooled(200_000, 0.01));
        assert!((coarse - fine).abs() < 1e-4, "{coarse} {fine}");
    }

    #[test]
    fn a_lonely_lump_integrates_its_power_and_can_be_held() {
        let lonely = node(8_000.0, 0.0, 20.0);
        let mut network = ThermalNetwork::new(vec![lonely], Vec::new(), 2.7).unwrap();
        network.advance(&[80.0], 100.0);
        assert!((network.nodes()[0].celsius - 21.0).abs() < 1e-12);
        assert!((network.hold(0, 22.0, 50.0) - 8_000.0).abs() < 1e-9);
        assert!((network.hold(0, -50.0, 21.5) + 4_000.0).abs() < 1e-9);
        assert!(network.fastest_seconds().is_infinite());
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
