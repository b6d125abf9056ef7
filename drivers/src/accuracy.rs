//! What makers guarantee of their instruments' measurements, by model and channel: a share of the
//! reading and an offset, a year after calibration at room temperature.
//!
//! The figures are those of the makers' data sheets. What a calibration certificate says stands in the
//! wiring.

/// The largest error of a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// The channel.
    pub channel: &'static str,
    /// Per cent of the reading.
    pub percent: f64,
    /// What comes to that, in the channel's unit.
    pub offset: f64,
}

const fn within(channel: &'static str, percent: f64, offset: f64) -> Accuracy {
    Accuracy {
        channel,
        percent,
        offset,
    }
}

/// Of each model that guarantees anything.
const MODELS: [(&str, &[Accuracy]); 10] = [
    // HP 66332A, 6631B-6634B user's guide, table of specifications: read-back.
    (
        "keysight-6632b",
        &[within("volts", 0.03, 0.003), within("amps", 0.2, 0.000_5)],
    ),
    (
        "keysight-6633b",
        &[within("volts", 0.03, 0.006), within("amps", 0.2, 0.000_25)],
    ),
    (
        "keysight-6634b",
        &[within("volts", 0.03, 0.012), within("amps", 0.2, 0.000_25)],
    ),
    // E4360 data sheet: read-back.
    (
        "keysight-e4360a",
        &[within("volts", 0.08, 0.025), within("amps", 0.2, 0.020)],
    ),
    (
        "keysight-e4362a",
        &[within("volts", 0.08, 0.050), within("amps", 0.2, 0.010)],
    ),
    // E4350B operating guide, table 1-1: read-back.
    (
        "keysight-e4350b",
        &[within("volts", 0.08, 0.080), within("amps", 0.2, 0.020)],
    ),
    (
        "keysight-e4351b",
        &[within("volts", 0.08, 0.160), within("amps", 0.2, 0.010)],
    ),
    // DL3000 data sheet: 0.05 % of the reading and of the full scale of 150 V, 40 A and 60 A.
    (
        "rigol-dl3021",
        &[within("volts", 0.05, 0.075), within("amps", 0.05, 0.020)],
    ),
    (
        "rigol-dl3031",
        &[within("volts", 0.05, 0.075), within("amps", 0.05, 0.030)],
    ),
    // WT300E specifications for direct current: 0.1 % of the reading, 0.2 % of the range; for the
    // ranges of 60 V and 2 A in which a bus of 28 V is measured, and their product.
    (
        "yokogawa-wt310e",
        &[
            within("volts", 0.1, 0.120),
            within("amps", 0.1, 0.004),
            within("watts", 0.1, 0.240),
        ],
    ),
];

/// What the maker of a model guarantees of a channel.
pub fn of(model: &str, channel: &str) -> Option<&'static Accuracy> {
    let (_, accuracies) = MODELS.iter().find(|(name, _)| *name == model)?;
    accuracies
        .iter()
        .find(|accuracy| accuracy.channel == channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn every_row_is_of_a_model_that_there_is() {
        let entries = catalog::entries();
        for (model, accuracies) in MODELS {
            assert!(entries.iter().any(|entry| entry.name == model), "{model}");
            assert!(accuracies.iter().all(|a| a.percent > 0.0 && a.offset > 0.0));
        }
        assert!(of("keysight-6633b", "volts").is_some());
        assert_eq!(of("keysight-6633b", "output"), None);
        assert_eq!(of("watlow-f4", "air"), None);
    }
}
