//! Batteries: state of charge, voltage and what they can take and give.
//!
//! An ideal source whose voltage follows the charge, behind one resistance. Charge is counted
//! exactly (coulombic efficiency 1; lithium-ion cells have more than 0.99), and the losses of
//! energy are those of the resistance.

/// Open-circuit voltage of a lithium-ion cell (NMC or NCA, 25 °C) against its state of charge,
/// V; typical of the chemistry within 30 mV.
const OPEN_CIRCUIT: [(f64, f64); 12] = [
    (0.00, 3.00),
    (0.05, 3.30),
    (0.10, 3.45),
    (0.20, 3.55),
    (0.30, 3.61),
    (0.40, 3.65),
    (0.50, 3.70),
    (0.60, 3.80),
    (0.70, 3.90),
    (0.80, 4.00),
    (0.90, 4.08),
    (1.00, 4.18),
];

/// Integral of that voltage from empty to each row, V.
const BELOW: [f64; OPEN_CIRCUIT.len()] = {
    let mut below = [0.0; OPEN_CIRCUIT.len()];
    let mut row = 1;
    while row < below.len() {
        let ((x0, y0), (x1, y1)) = (OPEN_CIRCUIT[row - 1], OPEN_CIRCUIT[row]);
        below[row] = below[row - 1] + (x1 - x0) * 0.5 * (y0 + y1);
        row += 1;
    }
    below
};

/// Below this temperature of the cells, °C, charging plates lithium, so that it is refused.
pub const COLDEST_CHARGE_CELSIUS: f64 = 0.0;

/// A battery of cells in series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pack {
    /// Cells (or groups of parallel cells) in series.
    pub cells_in_series: u32,
    /// Charge from empty to full, Ah.
    pub capacity_ah: f64,
    /// Resistance of the whole pack with its harness, ohm.
    pub resistance_ohm: f64,
    /// Most current in, A.
    pub max_charge_amps: f64,
    /// Most current out, A.
    pub max_discharge_amps: f64,
    /// Voltage per cell that charging does not exceed, V.
    pub end_of_charge_volts: f64,
}

impl Pack {
    /// Voltage without current at a state of charge (0 to 1), V.
    pub fn open_circuit_volts(&self, soc: f64) -> f64 {
        f64::from(self.cells_in_series) * cell_volts(soc)
    }

    /// Rise of the open-circuit voltage with the charge, V/C.
    pub fn volts_per_coulomb(&self, soc: f64) -> f64 {
        let ((x0, y0), (x1, y1)) = piece(soc.clamp(0.0, 1.0));
        f64::from(self.cells_in_series) * (y1 - y0) / (x1 - x0) / (self.capacity_ah * 3_600.0)
    }

    /// Energy that lies in the charge, from empty, without the losses of the resistance, J.
    pub fn stored_joules(&self, soc: f64) -> f64 {
        let soc = soc.clamp(0.0, 1.0);
        let lower = OPEN_CIRCUIT
            .partition_point(|&(at, _)| at <= soc)
            .clamp(1, OPEN_CIRCUIT.len() - 1)
            - 1;
        let (at, volts) = OPEN_CIRCUIT[lower];
        let here = (soc - at) * 0.5 * (volts + cell_volts(soc));
        let volts = BELOW[lower] + here;
        volts * f64::from(self.cells_in_series) * self.capacity_ah * 3_600.0
    }

    /// Voltage of the terminals with `amps` out of the pack (negative: into it), V.
    pub fn terminal_volts(&self, soc: f64, amps: f64) -> f64 {
        self.open_circuit_volts(soc) - amps * self.resistance_ohm
    }

    /// Most current that the pack may take now, A: constant current up to the end-of-charge
    /// voltage, then the taper that holds it, and none to a full or a freezing pack.
    pub fn charge_limit(&self, soc: f64, celsius: f64) -> f64 {
        if celsius < COLDEST_CHARGE_CELSIUS || soc >= 1.0 {
            return 0.0;
        }
        let ceiling = f64::from(self.cells_in_series) * self.end_of_charge_volts;
        let headroom = (ceiling - self.open_circuit_volts(soc)).max(0.0);
        // Without a resistance there is no taper: all current up to the ceiling, then none.
        let taper = match headroom {
            0.0 => 0.0,
            headroom => headroom / self.resistance_ohm,
        };
        taper.min(self.max_charge_amps)
    }

    /// Most current that the pack can give now, A.
    pub fn discharge_limit(&self, soc: f64) -> f64 {
        if soc > 0.0 {
            self.max_discharge_amps
        } else {
            0.0
        }
    }

    /// Draws `amps` for `seconds` (negative: charges). The state of charge after it, and the
    /// mean current that really flowed, A, which is less where the pack became empty or full.
    pub fn draw(&self, soc: f64, amps: f64, seconds: f64) -> (f64, f64) {
        let coulombs = self.capacity_ah * 3_600.0;
        let wanted = soc - amps * seconds / coulombs;
        if (0.0..=1.0).contains(&wanted) {
            return (wanted, amps);
        }
        let after = wanted.clamp(0.0, 1.0);
        (after, (soc - after) * coulombs / seconds)
    }
}

/// The two rows of the table around a state of charge.
fn piece(soc: f64) -> ((f64, f64), (f64, f64)) {
    let upper = OPEN_CIRCUIT
        .partition_point(|&(at, _)| at <= soc)
        .clamp(1, OPEN_CIRCUIT.len() - 1);
    (OPEN_CIRCUIT[upper - 1], OPEN_CIRCUIT[upper])
}

fn cell_volts(soc: f64) -> f64 {
    let soc = soc.clamp(0.0, 1.0);
    let ((x0, y0), (x1, y1)) = piece(soc);
    y0 + (y1 - y0) * (soc - x0) / (x1 - x0)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "what is compared is exact in binary")]
mod tests {
    use super::*;

    const PACK: Pack = Pack {
        cells_in_series: 8,
        capacity_ah: 10.0,
        resistance_ohm: 0.1,
        max_charge_amps: 5.0,
        max_discharge_amps: 20.0,
        end_of_charge_volts: 4.1,
    };

    #[test]
    fn voltage_follows_the_charge() {
        for (soc, volts) in [
            (0.0, 24.0),
            (0.5, 29.6),
            (0.55, 30.0),
            (1.0, 33.44),
            (2.0, 33.44),
        ] {
            assert!((PACK.open_circuit_volts(soc) - volts).abs() < 1e-9, "{soc}");
        }
        assert!(PACK.terminal_volts(0.5, 10.0) < PACK.terminal_volts(0.5, -10.0));
    }

    #[test]
    fn stored_energy_is_the_area_under_the_voltage() {
        for soc in [0.0, 0.03, 0.05, 0.2, 0.47, 0.9, 1.0] {
            const SLICES: u32 = 20_000;
            let slice = soc / f64::from(SLICES);
            let volts =
                (0..SLICES).map(|at| PACK.open_circuit_volts((f64::from(at) + 0.5) * slice));
            let area = volts.sum::<f64>() * slice * 36_000.0;
            let stored = PACK.stored_joules(soc);
            assert!((stored - area).abs() < 0.1, "{soc}: {stored} {area}");
        }
    }

    #[test]
    fn charge_is_constant_current_then_taper_then_nothing() {
        assert_eq!(PACK.charge_limit(0.5, 20.0), 5.0);
        // At 0.91 the source is at 8 x 4.09 V; the taper ends at 8 x 4.10 V.
        let taper = PACK.charge_limit(0.91, 20.0);
        assert!((taper - 0.8).abs() < 1e-6, "{taper}");
        assert!((PACK.terminal_volts(0.91, -taper) - 32.8).abs() < 1e-9);
        assert_eq!(PACK.charge_limit(0.95, 20.0), 0.0);
    }

    #[test]
    fn a_freezing_pack_is_not_charged_but_gives() {
        assert_eq!(PACK.charge_limit(0.5, -0.1), 0.0);
        assert!(PACK.charge_limit(0.5, 0.0) > 0.0);
        assert_eq!(PACK.discharge_limit(0.5), 20.0);
        assert_eq!(PACK.discharge_limit(0.0), 0.0);
    }

    #[test]
    fn an_hour_at_a_tenth_of_the_capacity_is_a_tenth_of_the_charge() {
        let (soc, amps) = PACK.draw(0.5, 1.0, 3_600.0);
        assert!((soc - 0.4).abs() < 1e-12);
        assert_eq!(amps, 1.0);
        let (soc, amps) = PACK.draw(0.05, 1.0, 3_600.0);
        assert_eq!(soc, 0.0);
        assert!((amps - 0.5).abs() < 1e-12, "more came out than was inside");
    }
}
