//! Network management: what a master commands, and the states that heartbeats tell (CiA 301, 7.2.8
//! and 7.3.2).

/// The state of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has started; told once.
    Initialising,
    /// It answers nothing but network management.
    Stopped,
    /// Everything works.
    Operational,
    /// Everything but process data works.
    PreOperational,
}

/// What a master commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Become operational.
    Start,
    /// Stop.
    Stop,
    /// Become pre-operational.
    EnterPreOperational,
    /// Start anew.
    ResetNode,
    /// Start the communication anew.
    ResetCommunication,
}

impl Command {
    /// Its code.
    pub fn code(self) -> u8 {
        match self {
            Command::Start => 1,
            Command::Stop => 2,
            Command::EnterPreOperational => 128,
            Command::ResetNode => 129,
            Command::ResetCommunication => 130,
        }
    }

    /// Reads a frame of the master's, if it is for this node; zero is for all.
    pub fn read(data: &[u8], node: u8) -> Option<Command> {
        let &[code, to] = data else { return None };
        let all = [
            Command::Start,
            Command::Stop,
            Command::EnterPreOperational,
            Command::ResetNode,
            Command::ResetCommunication,
        ];
        let command = all.into_iter().find(|command| command.code() == code)?;
        (to == 0 || to == node).then_some(command)
    }
}

/// The data of a heartbeat.
pub fn heartbeat(state: State) -> [u8; 1] {
    [match state {
        State::Initialising => 0,
        State::Stopped => 4,
        State::Operational => 5,
        State::PreOperational => 127,
    }]
}

/// Reads a heartbeat. The highest bit toggles with node guarding, and means nothing here.
pub fn read_heartbeat(data: &[u8]) -> Option<State> {
    let &[state] = data else { return None };
    match state & 0x7f {
        0 => Some(State::Initialising),
        4 => Some(State::Stopped),
        5 => Some(State::Operational),
        127 => Some(State::PreOperational),
        _ => None,
    }
}
