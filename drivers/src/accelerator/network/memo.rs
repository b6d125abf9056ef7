//! Outputs already computed, so that an emulated board need not compute them again.
//!
//! A board that is asked the same inputs over and over gives the same outputs until an upset
//! changes its memory; its latency comes from a model, not from this machine's work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Network;
use super::error::NetworkError;

/// Inputs remembered at most. When they are full, all are forgotten: campaigns cycle over fewer.
const MOST: usize = 64;

/// Outputs by input, for one state of one network's memory.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    network: String,
    image: Vec<u8>,
    outputs: BTreeMap<Vec<u8>, Arc<[u8]>>,
}

impl Memo {
    /// Remembers nothing yet.
    pub fn new() -> Memo {
        Memo::default()
    }

    /// The output of `network` for `input`, as [`Network::infer`] gives it.
    ///
    /// Memory images are compared byte by byte, which costs microseconds, so that no way of
    /// changing, replacing or restoring a network can bring back an output of another state.
    ///
    /// # Errors
    ///
    /// Those of [`Network::infer`].
    pub fn infer(&mut self, network: &Network, input: &[u8]) -> Result<Arc<[u8]>, NetworkError> {
        if self.image != network.image() || self.network != network.name() {
            self.outputs.clear();
            self.image = network.image().to_vec();
            network.name().clone_into(&mut self.network);
        }
        if let Some(output) = self.outputs.get(input) {
            return Ok(Arc::clone(output));
        }
        let output: Arc<[u8]> = network.infer(input)?.into();
        if self.outputs.len() >= MOST {
            self.outputs.clear();
        }
        self.outputs.insert(input.to_vec(), Arc::clone(&output));
        Ok(output)
    }

    /// How many outputs are remembered.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }
}
