//! Many runs: gates in shards, campaigns with drawn values.

mod monte_carlo;
mod submit;
