//! The Llama 2 architecture in single precision, one token at a time with a cache of keys and
//! values: root-mean-square norms, rotary positions on neighbouring pairs, grouped queries, gated feed-forward,
//! and the embedding used again for the logits (Touvron et al., "Llama 2", 2023, section 2.2; the
//! layout is that of llama2.c's `run.c`).
//!
//! Each sum is taken in one written order: eight part sums side by side, added up as a tree. The
//! exponential is libm's, in software. So every machine gives the same bits.

use super::{Places, Sizes};
use crate::accelerator::network::image::Image;

/// Part sums of a product of vectors.
const LANES: usize = 8;

/// The parameters as numbers, fresh from the memory image.
pub(super) struct Weights {
    embedding: Vec<f32>,
    cos: Vec<f32>,
    sin: Vec<f32>,
    attention_norm: Vec<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    output: Vec<f32>,
    feed_norm: Vec<f32>,
    gate: Vec<f32>,
    down: Vec<f32>,
    up: Vec<f32>,
    last_norm: Vec<f32>,
}

impl Weights {
    pub(super) fn new(places: &Places, image: &Image) -> Weights {
        Weights {
            embedding: image.f32s(&places.embedding),
            cos: image.f32s(&places.cos),
            sin: image.f32s(&places.sin),
            attention_norm: image.f32s(&places.attention_norm),
            query: image.f32s(&places.query),
            key: image.f32s(&places.key),
            value: image.f32s(&places.value),
            output: image.f32s(&places.output),
            feed_norm: image.f32s(&places.feed_norm),
            gate: image.f32s(&places.gate),
            down: image.f32s(&places.down),
            up: image.f32s(&places.up),
            last_norm: image.f32s(&places.last_norm),
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
}

impl<'a> Context<'a> {
    pub(super) fn new(sizes: Sizes, weights: &'a Weights) -> Context<'a> {
        Context {
            sizes,
            weights,
            position: 0,
            keys: vec![Vec::new(); sizes.layers],
            values: vec![Vec::new(); sizes.layers],
        }
    }

    /// Takes a token of the vocabulary; the logits of the one after it. No more tokens than the
    /// context has room for.
    pub(super) fn pass(&mut self, token: usize) -> Vec<f32> {
        let (sizes, weights) = (self.sizes, self.weights);
        let mut stream = row(&weights.embedding, token, sizes.dim).to_vec();
        for layer in 0..sizes.layers {
            let norm = row(&weights.attention_norm, layer, sizes.dim);
            let seen = normed(&stream, norm, sizes.epsilon);
            let heads = self.attend(layer, &seen);
            add(
                &mut stream,
                &product(layer_of(&weights.output, layer, sizes.layers), &heads),
            );
            let norm = row(&weights.feed_norm, layer, sizes.dim);
            let seen = normed(&stream, norm, sizes.epsilon);
            let mut gate = product(layer_of(&weights.gate, layer, sizes.layers), &seen);
            let up = product(layer_of(&weights.up, layer, sizes.layers), &seen);
            for (gate, up) in gate.iter_mut().zip(&up) {
                *gate = *gate / (1.0 + libm::expf(-*gate)) * up;
            }
            add(
                &mut stream,
                &product(layer_of(&weights.down, layer, sizes.layers), &gate),
            );
        }
        self.position += 1;
        let seen = normed(&stream, &weights.last_norm, sizes.epsilon);
        product(&weights.embedding, &seen)
    }

    /// The attention of a layer: what each head gathers from the tokens so far.
    fn attend(&mut self, layer: usize, seen: &[f32]) -> Vec<f32> {
        let (sizes, weights) = (self.sizes, self.weights);
        let mut query = product(layer_of(&weights.query, layer, sizes.layers), seen);
        let mut key = product(layer_of(&weights.key, layer, sizes.layers), seen);
        self.turn(&mut query);
        self.turn(&mut key);
        self.keys[layer].extend(key);
        let value = product(layer_of(&weights.value, layer, sizes.layers), seen);
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

fn layer_of(all: &[f32], layer: usize, layers: usize) -> &[f32] {
    row(all, layer, all.len() / layers)
}

fn add(to: &mut [f32], other: &[f32]) {
    for (to, other) in to.iter_mut().zip(other) {
        *to += other;
    }
}

/// The scalar product, in [`LANES`] part sums.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (lefts, left_rest) = left.as_chunks::<LANES>();
    let (rights, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in lefts.iter().zip(rights) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    for (lane, (left, right)) in left_rest.iter().zip(right_rest).enumerate() {
        sums[lane] += left * right;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// A matrix, row by row, times a vector.
fn product(matrix: &[f32], vector: &[f32]) -> Vec<f32> {
    let rows = matrix.chunks_exact(vector.len());
    rows.map(|row| dot(row, vector)).collect()
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
