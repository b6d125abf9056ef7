//! Power and heat: books that close, steps that do not matter, set points that are held.

mod bus;
mod heat;
mod held;
