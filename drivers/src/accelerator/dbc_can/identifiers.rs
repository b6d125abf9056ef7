//! Which frames are a board's own: every board of this make has the same interface, moved by an
//! offset, so that several can share a bus.

use std::sync::Arc;

use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};

use crate::link::can::CanId;
use crate::telemetry::dbc::Database;

/// Frames to the board.
const TO_BOARD: u16 = 0x6a0;
/// Frames from the board.
const FROM_BOARD: u16 = 0x6a1;
/// What a board that has gone mad fills its bus with: an identifier before all of its own.
const BABBLE: u16 = 0x0ff;
/// The highest offset with which all identifiers are such of 11 bits.
const MOST: u16 = 0x7ff - FROM_BOARD;

/// The setting.
pub(super) const OPTION: OptionSpec = OptionSpec {
    name: "id_offset",
    kind: OptionKind::Whole {
        min: 0.0,
        max: MOST as f64,
        unit: "",
    },
    default: Some(OptionDefault::Number(0.0)),
    help: "added to each of its identifiers, so that several boards can share a bus",
};

/// One board's identifiers, and its messages by them.
#[derive(Clone, Debug)]
pub(super) struct Identifiers {
    /// The DBC file, compiled, with this board's identifiers.
    pub(super) database: Arc<Database>,
    /// Frames of ISO-TP to the board.
    pub(super) to_board: CanId,
    /// Frames of ISO-TP from the board.
    pub(super) from_board: CanId,
    /// What it babbles with.
    pub(super) babble: CanId,
}

impl Identifiers {
    /// Those that checked options ask for.
    pub(super) fn new(options: &Options) -> Identifiers {
        let offset = options.number(OPTION.name).unwrap_or(0.0) as u16;
        let database = Database::compile(include_str!("board.dbc"));
        let database = database.expect("the board's own DBC file has been tested");
        let database = database.renumbered(|id| match id {
            CanId::Standard(id) => CanId::Standard(id + offset),
            CanId::Extended(id) => CanId::Extended(id + u32::from(offset)),
        });
        Identifiers {
            database: Arc::new(database),
            to_board: CanId::Standard(TO_BOARD + offset),
            from_board: CanId::Standard(FROM_BOARD + offset),
            babble: CanId::Standard(BABBLE + offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use profiles::option::OptionValue;

    use super::*;

    #[test]
    fn all_identifiers_move_and_stay_possible() {
        let plain = Identifiers::new(&Options::default());
        let mut options = Options::default();
        options.set("id_offset", OptionValue::Number(MOST.into()));
        let moved = Identifiers::new(&options);
        assert_eq!(moved.from_board, CanId::Standard(0x7ff));
        for message in plain.database.messages() {
            let other = moved.database.named(message.name()).unwrap();
            let by = other.id().word() - message.id().word();
            assert_eq!(by, u32::from(MOST));
            // The message with the number is the one that has it.
            assert_eq!(
                moved.database.message(other.id()).unwrap().name(),
                message.name()
            );
        }
        assert_eq!(plain.database.channels(), moved.database.channels());
    }
}
