//! The status model of IEEE 488.2 and SCPI-99: event registers, status byte, error queue.

use std::collections::VecDeque;

/// Error numbers of SCPI-99, volume 2, section 21.8.
pub(crate) mod code {
    /// A byte that no message contains.
    pub(crate) const INVALID_CHARACTER: i16 = -101;
    /// The parser does not understand.
    pub(crate) const SYNTAX_ERROR: i16 = -102;
    /// A separator was expected.
    pub(crate) const INVALID_SEPARATOR: i16 = -103;
    /// A number where a word was expected, or the like.
    pub(crate) const DATA_TYPE: i16 = -104;
    /// More parameters than the header takes.
    pub(crate) const PARAMETER_NOT_ALLOWED: i16 = -108;
    /// Fewer parameters than the header takes.
    pub(crate) const MISSING_PARAMETER: i16 = -109;
    /// Nobody knows this header.
    pub(crate) const UNDEFINED_HEADER: i16 = -113;
    /// The suffix is not of this quantity.
    pub(crate) const INVALID_SUFFIX: i16 = -131;
    /// The number takes no suffix.
    pub(crate) const SUFFIX_NOT_ALLOWED: i16 = -138;
    /// The word is not one of those allowed.
    pub(crate) const CHARACTER_DATA: i16 = -141;
    /// A name longer than names may be.
    pub(crate) const CHARACTER_DATA_TOO_LONG: i16 = -144;
    /// A list of channels that is none.
    pub(crate) const INVALID_EXPRESSION: i16 = -171;
    /// A list of channels where there are no channels.
    pub(crate) const EXPRESSION_NOT_ALLOWED: i16 = -178;
    /// A trigger that nothing waits for.
    pub(crate) const TRIGGER_IGNORED: i16 = -211;
    /// What is begun waits already.
    pub(crate) const INIT_IGNORED: i16 = -213;
    /// The value does not fit other settings.
    pub(crate) const SETTINGS_CONFLICT: i16 = -221;
    /// The number is too small or too large.
    pub(crate) const OUT_OF_RANGE: i16 = -222;
    /// More values than one message may have.
    pub(crate) const TOO_MUCH_DATA: i16 = -223;
    /// The value is none of those allowed.
    pub(crate) const ILLEGAL_VALUE: i16 = -224;
    /// No room is left.
    pub(crate) const OUT_OF_MEMORY: i16 = -225;
    /// Lists that belong together differ in length.
    pub(crate) const LISTS_DIFFER: i16 = -226;
    /// There is no such output.
    pub(crate) const HARDWARE_MISSING: i16 = -241;
    /// The queue of errors is full.
    pub(crate) const TOO_MANY_ERRORS: i16 = -350;
    /// A line longer than the input buffer.
    pub(crate) const INPUT_OVERRUN: i16 = -363;
    /// On RS-232 the older instruments of Hewlett-Packard must be told to listen first.
    pub(crate) const NOT_IN_LOCAL: i16 = 550;
}

/// The standard's words for an error number.
pub(crate) fn text_of(code: i16) -> &'static str {
    match code {
        0 => "No error",
        code::INVALID_CHARACTER => "Invalid character",
        code::SYNTAX_ERROR => "Syntax error",
        code::INVALID_SEPARATOR => "Invalid separator",
        code::DATA_TYPE => "Data type error",
        code::PARAMETER_NOT_ALLOWED => "Parameter not allowed",
        code::MISSING_PARAMETER => "Missing parameter",
        code::UNDEFINED_HEADER => "Undefined header",
        code::INVALID_SUFFIX => "Invalid suffix",
        code::SUFFIX_NOT_ALLOWED => "Suffix not allowed",
        code::CHARACTER_DATA => "Invalid character data",
        code::CHARACTER_DATA_TOO_LONG => "Character data too long",
        code::INVALID_EXPRESSION => "Invalid expression",
        code::EXPRESSION_NOT_ALLOWED => "Expression data not allowed",
        code::TRIGGER_IGNORED => "Trigger ignored",
        code::INIT_IGNORED => "Init ignored",
        code::SETTINGS_CONFLICT => "Settings conflict",
        code::OUT_OF_RANGE => "Data out of range",
        code::TOO_MUCH_DATA => "Too much data",
        code::ILLEGAL_VALUE => "Illegal parameter value",
        code::OUT_OF_MEMORY => "Out of memory",
        code::LISTS_DIFFER => "Lists not same length",
        code::HARDWARE_MISSING => "Hardware missing",
        code::TOO_MANY_ERRORS => "Too many errors",
        code::INPUT_OVERRUN => "Input buffer overrun",
        // What the modular instruments of Keysight add (E4360, N6700).
        315 => "Settings conflict error",
        320 => "Vmp must be less than Voc",
        321 => "Imp must be less than or equal to Isc",
        322 => "SAS curve parameters are too small",
        code::NOT_IN_LOCAL => "Command not allowed in local",
        328 => "SAS curve exceeds the output rating",
        -199..=-100 => "Command error",
        -299..=-200 => "Execution error",
        -399..=-300 => "Device-specific error",
        -499..=-400 => "Query error",
        _ => "Device error",
    }
}

/// Errors that the queue holds. The standard asks for two at least; makes hold 10 to 30.
const QUEUE_LENGTH: usize = 20;

/// Bits of the standard event status register.
pub(crate) mod event {
    /// Operation complete.
    pub(crate) const OPERATION_COMPLETE: u8 = 1;
    /// Query error.
    pub(crate) const QUERY: u8 = 4;
    /// Device-dependent error.
    pub(crate) const DEVICE: u8 = 8;
    /// Execution error.
    pub(crate) const EXECUTION: u8 = 16;
    /// Command error.
    pub(crate) const COMMAND: u8 = 32;
    /// Power was switched on.
    pub(crate) const POWER_ON: u8 = 128;
}

/// A group of SCPI status registers: condition, transition filters, event, enable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    condition: u16,
    event: u16,
    /// Which events the status byte sums up.
    pub(crate) enable: u16,
    /// Conditions whose rise is an event.
    pub(crate) positive: u16,
    /// Conditions whose fall is an event.
    pub(crate) negative: u16,
}

impl Default for Group {
    fn default() -> Group {
        // As after `STATus:PRESet`: every rise is an event, no fall is, nothing is summed up.
        Group {
            condition: 0,
            event: 0,
            enable: 0,
            positive: 0x7fff,
            negative: 0,
        }
    }
}

impl Group {
    /// The conditions as they now are.
    pub(crate) fn set_condition(&mut self, condition: u16) {
        let (rose, fell) = (condition & !self.condition, self.condition & !condition);
        self.event |= rose & self.positive | fell & self.negative;
        self.condition = condition;
    }

    /// The conditions.
    pub(crate) fn condition(&self) -> u16 {
        self.condition
    }

    /// The events, which are forgotten by being read.
    pub(crate) fn take_event(&mut self) -> u16 {
        std::mem::take(&mut self.event)
    }

    /// Masks and filters as `STATus:PRESet` leaves them.
    pub(crate) fn preset(&mut self) {
        *self = Group {
            condition: self.condition,
            event: self.event,
            ..Group::default()
        };
    }

    /// Whether an enabled event is latched.
    pub(crate) fn summary(&self) -> bool {
        self.event & self.enable != 0
    }
}

/// All status of one instrument.
#[derive(Debug)]
pub(crate) struct Status {
    events: u8,
    /// Mask of `*ESE`.
    pub(crate) event_enable: u8,
    /// Mask of `*SRE`.
    pub(crate) service_enable: u8,
    /// `STATus:QUEStionable`.
    pub(crate) questionable: Group,
    /// `STATus:OPERation`.
    pub(crate) operation: Group,
    /// Bits of the status byte from registers that the make keeps for itself.
    pub(crate) beside: u8,
    errors: VecDeque<i16>,
}

impl Default for Status {
    fn default() -> Status {
        Status {
            events: event::POWER_ON,
            event_enable: 0,
            service_enable: 0,
            questionable: Group::default(),
            operation: Group::default(),
            beside: 0,
            errors: VecDeque::new(),
        }
    }
}

impl Status {
    /// Queues an error and sets its event bit.
    pub(crate) fn error(&mut self, code: i16) {
        self.events |= match code {
            -199..=-100 => event::COMMAND,
            -299..=-200 => event::EXECUTION,
            -499..=-400 => event::QUERY,
            _ => event::DEVICE,
        };
        if self.errors.len() < QUEUE_LENGTH {
            self.errors.push_back(code);
        } else if let Some(newest) = self.errors.back_mut() {
            *newest = code::TOO_MANY_ERRORS;
        }
    }

    /// The oldest error, taken from the queue; zero for none.
    pub(crate) fn take_error(&mut self) -> i16 {
        self.errors.pop_front().unwrap_or(0)
    }

    /// Sets bits of the standard event status register.
    pub(crate) fn set_events(&mut self, bits: u8) {
        self.events |= bits;
    }

    /// The standard event status register, which is cleared by being read.
    pub(crate) fn take_events(&mut self) -> u8 {
        std::mem::take(&mut self.events)
    }

    /// `*CLS`: forgets events and errors; masks and conditions stay.
    pub(crate) fn clear(&mut self) {
        self.events = 0;
        self.errors.clear();
        self.questionable.event = 0;
        self.operation.event = 0;
    }

    /// `STATus:PRESet`.
    pub(crate) fn preset(&mut self) {
        self.questionable.preset();
        self.operation.preset();
    }

    /// The status byte with its master summary, as `*STB?` tells it.
    pub(crate) fn byte(&self, message_available: bool) -> u8 {
        let byte = u8::from(self.questionable.summary()) << 3
            | u8::from(message_available) << 4
            | u8::from(self.events & self.event_enable != 0) << 5
            | u8::from(self.operation.summary()) << 7
            | self.beside;
        byte | u8::from(byte & self.service_enable & !64 != 0) << 6
    }
}
