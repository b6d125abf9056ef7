//! What can go wrong with a device: who, what was asked, what came back.

use profiles::name::DeviceName;
use profiles::time::Period;

use crate::link::can::BusTrouble;

/// A device or its link failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{device}: {kind}")]
pub struct DeviceError {
    /// Whose error it is.
    pub device: DeviceName,
    /// What happened.
    #[source]
    pub kind: DeviceErrorKind,
}

/// What happened. "The device refused" is not "the link failed".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceErrorKind {
    /// No answer came in time.
    #[error("no answer to `{asked}` within {limit}; is it powered and wired?")]
    Silent {
        /// The question.
        asked: String,
        /// How long it was waited for.
        limit: Period,
    },
    /// The answer makes no sense.
    #[error("cannot read the answer to `{asked}`: {got:?}")]
    Garbled {
        /// The question.
        asked: String,
        /// The answer, escaped where it is not text.
        got: String,
    },
    /// The device answered that it will not.
    #[error("refused `{asked}`: {code} {text}")]
    Refused {
        /// The request.
        asked: String,
        /// The device's own error number.
        code: i32,
        /// The device's own words, or the standard's for the number.
        text: String,
    },
    /// The device did something else than it was told.
    #[error("was told `{asked}`, but reads back {got}")]
    NotApplied {
        /// The request.
        asked: String,
        /// What it reads back.
        got: String,
    },
    /// Another device answered than the wiring says.
    #[error("is a `{found}`, but the wiring says `{expected}`; check the cable and the model")]
    WrongIdentity {
        /// What the wiring says.
        expected: String,
        /// Who answered.
        found: String,
    },
    /// The wiring leaves out what the device cannot be driven without.
    #[error("`{name}` is empty; without this line it cannot be driven, or left safe")]
    Undescribed {
        /// The option.
        name: &'static str,
    },
    /// An option of the wiring does not go with the others.
    #[error("`{name}` {why}")]
    Unsuitable {
        /// The option.
        name: &'static str,
        /// Why not.
        why: String,
    },
    /// The link failed.
    #[error("link failed: {0}")]
    Link(#[from] LinkError),
}

impl DeviceErrorKind {
    /// The error of `device`.
    pub fn of(self, device: &DeviceName) -> DeviceError {
        DeviceError {
            device: device.clone(),
            kind: self,
        }
    }
}

/// A link failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The far end is gone.
    #[error("the far end closed the link")]
    Closed,
    /// The far end does not take what it is sent.
    #[error("the far end takes nothing more ({0} chunks wait)")]
    Full(usize),
    /// The far end does not take what it is sent.
    #[error("the far end took nothing for {0}")]
    Stuck(Period),
    /// The line cannot be opened.
    #[error("cannot open {line}: {why}")]
    Open {
        /// Which.
        line: String,
        /// The operating system's words.
        why: String,
    },
    /// Something else came back than was sent, on a line that is said to echo.
    #[error(
        "heard `{heard}` where the echo `{sent}` was due: does another device talk at the same \
         time, or does the adapter not echo?"
    )]
    NoEcho {
        /// What had not come back yet.
        sent: String,
        /// What came.
        heard: String,
    },
    /// There is nothing to open.
    #[error("cannot open {line}: {why}")]
    Absent {
        /// Which.
        line: String,
        /// What was looked for, and what is there.
        why: String,
    },
    /// This user may not open the line.
    #[error("cannot open {line}: {why}")]
    Denied {
        /// Which.
        line: String,
        /// Who may, and what mends it.
        why: String,
    },
    /// Somebody else has the line.
    #[error("cannot open {line}: {why}")]
    Busy {
        /// Which.
        line: String,
        /// Who, as far as is known.
        why: String,
    },
    /// The line is another's now: what was to be sent is not.
    #[error("the line was taken over: {0}")]
    Fenced(String),
    /// A CAN bus, its controller or its adapter.
    #[error(transparent)]
    Bus(#[from] BusTrouble),
    /// The operating system's words.
    #[error("{0}")]
    Failed(String),
}
