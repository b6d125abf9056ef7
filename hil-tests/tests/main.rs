//! t

mod network;
