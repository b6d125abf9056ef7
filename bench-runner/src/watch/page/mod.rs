//! Runs as pages: a server that only reads, for browsers on this machine, or for those who have its token.

mod guard;
mod server;
mod shelf;
mod state;
#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use server::serve;
pub use shelf::Shelf;
