//! Modbus RTU, and Modbus/TCP where a unit has it: [`session::Session`] is the master,
//! [`responder::Responder`] the slave. The crate `rmodbus` builds and reads the messages; cutting a stream into frames is done here.

pub(crate) mod exception;
pub(crate) mod frame;
pub(crate) mod responder;
pub(crate) mod session;

#[cfg(test)]
mod tests;
