//! Who warms whom: chambers, their air, and boards in it.

use profiles::quantity::Celsius;
use profiles::time::BenchTime;

use super::{BoardNode, STEP};

/// Room temperature: where everything starts, and where air without a chamber stays.
pub(super) const ROOM: Celsius = Celsius(23.0);
/// Fastest change of a bench-top chamber's air, K/min (ESPEC SH-641: +2.9 and -1.7 without load;
/// larger chambers 3 to 5).
const RATE_K_PER_MIN: f64 = 5.0;
/// Time constant of air towards the target near it, s.
const SETTLING_S: f64 = 45.0;
/// Time constant of air towards the room when the chamber is off, s.
const DRIFT_S: f64 = 1_800.0;
/// Time constant of the junction towards its steady rise, s.
const JUNCTION_S: f64 = 2.0;

#[derive(Debug)]
pub(super) struct AirNode {
    pub(super) target: Option<Celsius>,
    pub(super) celsius: Celsius,
    /// Until when it comes only this share of the way from the room.
    pub(super) weak: Option<(BenchTime, f64)>,
    /// The lowest and the highest so far.
    pub(super) extremes: (Celsius, Celsius),
}

impl Default for AirNode {
    fn default() -> AirNode {
        AirNode {
            target: None,
            celsius: ROOM,
            weak: None,
            extremes: (ROOM, ROOM),
        }
    }
}

impl AirNode {
    /// Where it comes when it is told a target.
    fn reached(&self, target: Celsius, now: BenchTime) -> Celsius {
        match self.weak {
            Some((until, share)) if now < until => Celsius(ROOM.0 + share * (target.0 - ROOM.0)),
            _ => target,
        }
    }
}

/// One step. Each lag is exact for a constant target, so the step's length does not matter.
pub(super) fn step(now: BenchTime, airs: &mut [AirNode], boards: &mut [BoardNode]) {
    let dt = STEP.as_secs_f64();
    for air in airs.iter_mut() {
        let (target, seconds) = match air.target {
            Some(target) => (air.reached(target, now), SETTLING_S),
            None => (ROOM, DRIFT_S),
        };
        let most = RATE_K_PER_MIN / 60.0 * dt;
        let change = (target.0 - air.celsius.0) * (dt / seconds);
        air.celsius.0 += change.clamp(-most, most);
        let (low, high) = &mut air.extremes;
        *low = Celsius(low.0.min(air.celsius.0));
        *high = Celsius(high.0.max(air.celsius.0));
    }
    for board in boards {
        let air = board.air.map_or(ROOM, |air| airs[air.0].celsius);
        let watts = board.state.volts.0 * board.state.amps.0;
        let (conductance, state) = (board.traits.air_w_per_k, &mut board.state);
        let steady = air.0 + watts / conductance;
        let share = (conductance * dt / board.traits.heat_capacity_j_per_k).min(1.0);
        state.board.0 += (steady - state.board.0) * share;
        let hot = state.board.0 + watts * board.traits.junction_k_per_w;
        state.junction.0 += (hot - state.junction.0) * (dt / JUNCTION_S);
    }
}
