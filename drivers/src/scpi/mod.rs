//! SCPI: one engine for both halves. [`session::Session`] asks, [`responder::Responder`] answers;
//! what a make's words mean is the make's own business.

mod core;
pub(crate) mod header;
pub(crate) mod message;
pub(crate) mod prologix;
pub(crate) mod responder;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod status;

#[cfg(test)]
mod tests;
