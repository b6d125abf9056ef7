//! Decisions: what an output as a whole must keep, beside its elements.

use super::Golden;
use super::compare::{Comparison, Sides};
use super::manifest::{Comparator, MaskLimits};
use super::measures::{cosine, lead, nmse, percentile_difference, psnr, top, ulps};

impl Sides<'_> {
    /// The sentence of the first decision that does not hold.
    pub(super) fn decisions(&self, found: &mut Comparison) -> Option<String> {
        let input = self.input;
        let (a, g) = (&self.a[..], &self.g[..]);
        match &self.golden.manifest().comparator {
            Comparator::BitExact => self.best_class(),
            Comparator::Tolerance { mask, .. } => self.mask(mask.as_ref()?, found),
            Comparator::Lsb { p99, .. } => {
                let most = percentile_difference(a, g, 0.99);
                match p99.filter(|p99| most > *p99) {
                    Some(p99) => Some(format!(
                        "output of input {input} is off by {most} steps at the 99th percentile, \
                         allowed {p99}"
                    )),
                    None => self.best_class(),
                }
            }
            Comparator::Ulp { max } => {
                let far = a
                    .iter()
                    .zip(g)
                    .map(|(a, g)| ulps(*a, *g).unwrap_or(u64::MAX));
                let (index, most) = far.enumerate().max_by_key(|(index, far)| (*far, !index))?;
                (most > *max).then(|| {
                    format!(
                        "output of input {input} is off by {most} ulp at element {index} ({:e}, \
                         golden {:e}), allowed {max}",
                        a[index], g[index]
                    )
                })
            }
            Comparator::Similarity {
                min_cosine,
                max_nmse,
            } => {
                let (angle, error) = (cosine(a, g), nmse(a, g));
                if angle < *min_cosine {
                    return Some(format!(
                        "output of input {input} has a cosine of {angle:.9} to the golden, at \
                         least {min_cosine} asked"
                    ));
                }
                max_nmse.filter(|most| error > *most).map(|most| {
                    format!(
                        "output of input {input} has a normalised mean squared error of \
                         {error:.3e}, allowed {most:e}"
                    )
                })
            }
            Comparator::TopK { k } => self.top_classes(*k),
            other => self.whole(other, found),
        }
    }

    /// The same, of those comparators that see an output as one thing: an image, a text, boxes.
    fn whole(&self, comparator: &Comparator, found: &mut Comparison) -> Option<String> {
        let input = self.input;
        let (a, g) = (&self.a[..], &self.g[..]);
        match comparator {
            Comparator::Psnr { min_db } => {
                let ratio = psnr(a, g);
                (ratio < *min_db).then(|| {
                    format!(
                        "image of input {input} has a peak signal-to-noise ratio of {ratio:.2} \
                         dB, at least {min_db} asked"
                    )
                })
            }
            Comparator::Tokens { max_edits } => self.tokens(*max_edits, found),
            _ => None,
        }
    }

    /// The best class, where the golden's is beyond doubt.
    fn best_class(&self) -> Option<String> {
        let (ours, theirs) = (best(&self.a), best(&self.g));
        (ours != theirs && self.golden.is_decided(self.input)).then(|| {
            format!(
                "output of input {} decides for class {ours} ({}), golden for class {theirs} ({} \
                 there, {} ours)",
                self.input, self.a[ours], self.g[theirs], self.a[theirs]
            )
        })
    }

    /// The `k` best classes, where the golden's last leads its next by more than a tie.
    fn top_classes(&self, k: usize) -> Option<String> {
        let (ours, theirs) = (top(&self.a, k), top(&self.g, k));
        let decided = lead(&self.g, k) > self.golden.manifest().margins.undecidable_up_to;
        (ours != theirs && decided).then(|| {
            format!(
                "output of input {} has the {k} best classes {ours:?}, golden {theirs:?}",
                self.input
            )
        })
    }

    fn mask(&self, limits: &MaskLimits, found: &mut Comparison) -> Option<String> {
        let input = self.input;
        let mask = Mask::of(&self.a, &self.g, self.shape());
        let (agreement, (class, iou)) = (mask.agreement(), mask.worst_iou());
        found.mask_agreement = Some(agreement);
        found.worst_iou = Some(iou);
        if agreement < limits.min_class_agreement {
            return Some(format!(
                "mask of input {input} agrees in {:.3} % of pixels, at least {:.3} % asked",
                agreement * 100.0,
                limits.min_class_agreement * 100.0
            ));
        }
        (iou < limits.min_iou).then(|| {
            format!(
                "mask of input {input}: class {class} has IoU {iou:.4}, at least {:.4} asked",
                limits.min_iou
            )
        })
    }
}

impl Golden {
    /// Whether outputs decide something beside their numbers: a class that leads by the margins that
    /// are kept, or a mask.
    pub(crate) fn decides(&self) -> bool {
        let manifest = self.manifest();
        match &manifest.comparator {
            Comparator::BitExact | Comparator::Lsb { .. } => !manifest.margins.smallest.is_empty(),
            Comparator::Tolerance { mask, .. } => mask.is_some(),
            _ => false,
        }
    }

    /// By how much the best class of an output leads the next; of a mask that of the pixel where it is
    /// least. `None` where outputs are no logits of classes.
    pub(super) fn smallest_lead(&self, output: &[u8]) -> Option<f64> {
        let values = self.manifest().output.dtype.decode(output);
        match &self.manifest().comparator {
            Comparator::BitExact | Comparator::Lsb { .. } => Some(lead(&values, 1)),
            Comparator::Tolerance { mask: Some(_), .. } => {
                let classes = self.output_shape().first().copied().unwrap_or(1).max(1);
                let pixels = values.len() / classes;
                let of = |pixel: usize| {
                    let classes = values.iter().skip(pixel).step_by(pixels.max(1));
                    lead(&classes.copied().collect::<Vec<f64>>(), 1)
                };
                Some((0..pixels).map(of).fold(f64::INFINITY, f64::min))
            }
            _ => None,
        }
        .filter(|lead| lead.is_finite())
    }
}

/// The place of the largest element; the first of equals.
fn best(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// How often each class was chosen by output and golden, classes on the first axis.
struct Mask {
    pixels: usize,
    agreed: usize,
    /// For each class: pixels of both, pixels of either.
    classes: Vec<(usize, usize)>,
}

impl Mask {
    fn of(a: &[f64], g: &[f64], shape: &[usize]) -> Mask {
        let classes = shape.first().copied().unwrap_or(1).max(1);
        let pixels = a.len() / classes;
        let mut mask = Mask {
            pixels,
            agreed: 0,
            classes: vec![(0, 0); classes],
        };
        let choose = |side: &[f64], pixel: usize| {
            (1..classes).fold(0, |best, class| {
                let better = side[class * pixels + pixel] > side[best * pixels + pixel];
                if better { class } else { best }
            })
        };
        for pixel in 0..pixels {
            let (ours, theirs) = (choose(a, pixel), choose(g, pixel));
            mask.classes[ours].1 += 1;
            if ours == theirs {
                mask.agreed += 1;
                mask.classes[ours].0 += 1;
            } else {
                mask.classes[theirs].1 += 1;
            }
        }
        mask
    }

    fn agreement(&self) -> f64 {
        self.agreed as f64 / self.pixels.max(1) as f64
    }

    /// The class with the smallest intersection over union; classes that nobody chose count not.
    fn worst_iou(&self) -> (usize, f64) {
        let ious = self.classes.iter().enumerate().filter(|(_, c)| c.1 > 0);
        ious.map(|(class, &(both, either))| (class, both as f64 / either as f64))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .unwrap_or((0, 1.0))
    }
}
