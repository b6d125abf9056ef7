//! The lumps of the satellite along the orbit: what warms them, and what they lose.

use super::Place;
use super::ledger::HeatTotals;
use crate::orbit::spacecraft::{Environment, MEAN_EARTH, Spacecraft, Thermal, ThermalNode};
use crate::phase::Phase;
use crate::physics::thermal_network::ThermalNetwork;

/// What warms one lump.
#[derive(Clone, Copy)]
struct Source {
    /// Absorbing area towards the Sun, m².
    sun_m2: f64,
    /// Absorbing area towards the Earth, times the Earth's albedo, m².
    albedo_m2: f64,
    /// Infrared of the Earth whatever the height, W.
    infrared_watts: f64,
    /// Infrared of the Earth at a view factor of one, W.
    view_watts: f64,
    /// Made inside in light and in the umbra, W.
    inside_watts: [f64; 2],
    /// Share of the load.
    load_share: f64,
    /// Between which temperatures it is held, °C.
    held: [f64; 2],
}

impl Source {
    /// The baseplate: its own numbers are for a mean Earth, and a case makes them more or less.
    fn plate(thermal: &Thermal, environment: &Environment) -> Source {
        let (albedo, infrared) = environment.earth();
        let (mean_albedo, mean_infrared) = MEAN_EARTH;
        let area = thermal.radiator_m2;
        Source {
            sun_m2: area * thermal.absorptivity,
            albedo_m2: area * thermal.absorptivity * thermal.albedo * albedo / mean_albedo,
            // What a surface emits in the infrared, it absorbs there.
            infrared_watts: area
                * thermal.emissivity
                * thermal.earth_infrared_w_m2
                * (infrared / mean_infrared),
            view_watts: 0.0,
            inside_watts: [thermal.sunlit_watts, thermal.eclipse_watts],
            load_share: thermal.load_share,
            held: [thermal.min_celsius, thermal.max_celsius],
        }
    }

    fn node(node: &ThermalNode, environment: &Environment) -> Source {
        let (albedo, infrared) = environment.earth();
        let area = node.radiator_m2;
        Source {
            sun_m2: area * node.absorptivity * node.sun_share,
            albedo_m2: area * node.absorptivity * node.earth_share * albedo,
            infrared_watts: 0.0,
            view_watts: area * node.emissivity * node.earth_share * infrared,
            inside_watts: [node.sunlit_watts, node.eclipse_watts],
            load_share: node.load_share,
            held: [node.min_celsius, node.max_celsius],
        }
    }
}

/// The lumps and their state.
pub(super) struct Heat {
    network: ThermalNetwork,
    sources: Vec<Source>,
    /// Into each lump now, W.
    watts: Vec<f64>,
    /// Sunlight instead of that of the date, W/m².
    solar: Option<f64>,
    /// What the lumps held at the start, °C.
    initial: Vec<f64>,
    totals: HeatTotals,
}

impl Heat {
    pub(super) fn new(spacecraft: &Spacecraft) -> Heat {
        let environment = &spacecraft.environment;
        let plate = Source::plate(&spacecraft.thermal, environment);
        let nodes = spacecraft.nodes.iter();
        let nodes = nodes.map(|node| Source::node(node, environment));
        let sources: Vec<Source> = std::iter::once(plate).chain(nodes).collect();
        let network = spacecraft.network();
        Heat {
            watts: vec![0.0; sources.len()],
            sources,
            solar: environment.solar(),
            initial: network.nodes().iter().map(|node| node.celsius).collect(),
            network,
            totals: HeatTotals::default(),
        }
    }

    /// Temperature of the baseplate, °C.
    pub(super) fn baseplate(&self) -> f64 {
        self.network
            .nodes()
            .first()
            .map_or(0.0, |node| node.celsius)
    }

    /// Temperatures of the lumps beside it, °C.
    pub(super) fn others(&self) -> impl Iterator<Item = f64> {
        self.network.nodes().iter().skip(1).map(|node| node.celsius)
    }

    /// Lets `seconds` pass in `place` while the satellite draws `load_watts`.
    pub(super) fn advance(&mut self, place: Place, load_watts: f64, seconds: f64) {
        // A case changes how bright the Sun is, and not when it is seen.
        let flux = self.solar.map_or(place.flux, |solar| solar * place.light);
        let reflected = self.solar.unwrap_or(place.sun) * place.earthshine;
        let phase = usize::from(place.phase == Phase::Umbra);
        let totals = &mut self.totals;
        for (watts, source) in self.watts.iter_mut().zip(&self.sources) {
            let solar = source.sun_m2 * flux;
            let albedo = source.albedo_m2 * reflected;
            let infrared = source.infrared_watts + source.view_watts * place.earth_view;
            let inside = source.inside_watts[phase] + source.load_share * load_watts;
            *watts = solar + albedo + infrared + inside;
            totals.solar += solar * seconds;
            totals.albedo += albedo * seconds;
            totals.infrared += infrared * seconds;
            totals.dissipated += inside * seconds;
        }
        totals.radiated += self.network.advance(&self.watts, seconds).radiated;
        for (place, source) in self.sources.iter().enumerate() {
            let [low, high] = source.held;
            let put_in = self.network.hold(place, low, high);
            totals.heater += put_in.max(0.0);
            totals.louvre += (-put_in).max(0.0);
        }
    }

    /// What flowed so far. What is kept follows from the temperatures alone.
    pub(super) fn totals(&self) -> HeatTotals {
        let nodes = self.network.nodes().iter().zip(&self.initial);
        let kept = nodes.map(|(node, initial)| node.heat_capacity * (node.celsius - initial));
        HeatTotals {
            kept: kept.sum(),
            ..self.totals
        }
    }
}
