//! The Llama 2 architecture, one token at a time with a cache of keys and
//! values: root-mean-square norms, rotary positions on neighbouring pairs, grouped queries, gated feed-forward,
//! and the embedding used again for the logits (Touvron et al., "Llama 2", 2023, section 2.2; the
//! layout is that of llama2.c's `run.c`).
//!
//! Each sum is taken in one written order: eight part sums side by side, added up as a tree. The
//! exponential is libm's, in software. So every machine gives the same bits.

use super::matrix::{Matrix, dot, reals};
use super::{Places, Sizes};
use crate::accelerator::network::image::Image;
use crate::accelerator::network::run::Working;

/// The parameters, fresh from the memory image.
pub(super) struct Weights {
    embedding: Matrix,
    cos: Vec<f32>,
    sin: Vec<f32>,
    attention_norm: Vec<f32>,
    query: Matrix,
    key: Matrix,
    value: Matrix,
    output: Matrix,
    feed_norm: Vec<f32>,
    gate: Matrix,
    down: Matrix,
    up: Matrix,
    last_norm: Vec<f32>,
}

impl Weights {
    pub(super) fn new(places: &Places, sizes: Sizes, image: &Image) -> Weights {
        let of_dim = |place| Matrix::new(place, sizes.dim, image);
        let list = |place| reals(place, image);
        Weights {
            embedding: of_dim(&places.embedding),
            cos: list(&places.cos),
            sin: list(&places.sin),
            attention_norm: list(&places.attention_norm),
            query: of_dim(&places.query),
            key: of_dim(&places.key),
            value: of_dim(&places.value),
            output: of_dim(&places.output),
            feed_norm: list(&places.feed_norm),
            gate: of_dim(&places.gate),
            down: Matrix::new(&places.down, sizes.hidden, image),
            up: of_dim(&places.up),
            last_norm: list(&places.last_norm),
        }
    }
}

/// A text so far: keys and values of each layer, token after token.
pub(super) struct Context<'a> {
    sizes: Sizes,
    weights: &'a Weights,
    position: usize,
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
    working: &'a mut Working,
}

impl<'a> Context<'a> {
    pub(super) fn new(sizes: Sizes, weights: &'a Weights, working: &'a mut Working) -> Context<'a> {
        Context {
            sizes,
            weights,
            position: 0,
            keys: vec![Vec::new(); sizes.layers],
            values: vec![Vec::new(); sizes.layers],
            working,
        }
    }

    /// Takes a token of the vocabulary; the logits of the one after it. No more tokens than the
    /// context has room for.
    pub(super) fn pass(&mut self, token: usize) -> Vec<f32> {
        let (sizes, weights) = (self.sizes, self.weights);
        let mut stream = weights.embedding.row(token);
        for layer in 0..sizes.layers {
            let norm = row(&weights.attention_norm, layer, sizes.dim);
            let seen = normed(&stream, norm, sizes.epsilon);
            let heads = self.attend(layer, &seen);
            add(
                &mut stream,
                &weights.output.product((layer, sizes.layers), &heads),
            );
            self.working.reals(&mut stream);
            let norm = row(&weights.feed_norm, layer, sizes.dim);
            let seen = normed(&stream, norm, sizes.epsilon);
            let mut gate = weights.gate.product((layer, sizes.layers), &seen);
            let up = weights.up.product((layer, sizes.layers), &seen);
            for (gate, up) in gate.iter_mut().zip(&up) {
                *gate = *gate / (1.0 + libm::expf(-*gate)) * up;
            }
            self.working.reals(&mut gate);
            add(
                &mut stream,
                &weights.down.product((layer, sizes.layers), &gate),
            );
            self.working.reals(&mut stream);
        }
        self.position += 1;
        let seen = normed(&stream, &weights.last_norm, sizes.epsilon);
        weights.embedding.product((0, 1), &seen)
    }

    /// The attention of a layer: what each head gathers from the tokens so far.
    fn attend(&mut self, layer: usize, seen: &[f32]) -> Vec<f32> {
        let (sizes, weights) = (self.sizes, self.weights);
        let mut query = weights.query.product((layer, sizes.layers), seen);
        let mut key = weights.key.product((layer, sizes.layers), seen);
        self.turn(&mut query);
        self.turn(&mut key);
        self.working.reals(&mut key);
        self.keys[layer].extend(key);
        let mut value = weights.value.product((layer, sizes.layers), seen);
        self.working.reals(&mut value);
        self.values[layer].extend(value);
        let width = sizes.kv_heads * sizes.head;
        let shared = sizes.heads / sizes.kv_heads;
        let root = (sizes.head as f32).sqrt();
        let mut gathered = vec![0.0; sizes.dim];
        let heads = query.chunks_exact(sizes.head);
        for (head, (query, sum)) in heads.zip(gathered.chunks_exact_mut(sizes.head)).enumerate() {
            let from = head / shared * sizes.head;
            let mut scores: Vec<f32> = self.keys[layer]
                .chunks_exact(width)
                .map(|key| dot(query, &key[from..from + sizes.head]) / root)
                .collect();
            softmax(&mut scores);
            let values = self.values[layer].chunks_exact(width);
            for (score, value) in scores.iter().zip(values) {
                for (sum, value) in sum.iter_mut().zip(&value[from..from + sizes.head]) {
                    *sum += score * value;
                }
            }
        }
        gathered
    }

    /// Turns neighbouring pairs by the angles of the position.
    fn turn(&self, vector: &mut [f32]) {
        let half = self.sizes.head / 2;
        let cos = row(&self.weights.cos, self.position, half);
        let sin = row(&self.weights.sin, self.position, half);
        let (pairs, _) = vector.as_chunks_mut::<2>();
        for (place, pair) in pairs.iter_mut().enumerate() {
            let (cos, sin) = (cos[place % half], sin[place % half]);
            *pair = [pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos];
        }
    }
}

fn row(matrix: &[f32], place: usize, length: usize) -> &[f32] {
    &matrix[place * length..(place + 1) * length]
}

fn add(to: &mut [f32], other: &[f32]) {
    for (to, other) in to.iter_mut().zip(other) {
        *to += other;
    }
}

/// Divided by the root of the mean square, and weighted.
fn normed(vector: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let mean = dot(vector, vector) / vector.len() as f32;
    let scale = 1.0 / (mean + epsilon).sqrt();
    let scaled = vector.iter().zip(weight);
    scaled
        .map(|(value, weight)| weight * (scale * value))
        .collect()
}

/// Shares that sum up to one; the largest is taken off first, so that nothing overflows.
fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = libm::expf(*score - largest);
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}
