//! Classifiers in the form in which questions are scored: small, and only what a question touches is read.

use super::train::{NEGLIGIBLE, Row, Trained};
use super::vocabulary::{Item, without_embedding};

/// A class as questions are scored by it: eight-bit weights with one scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compact {
    /// The weights of the numbers of an embedding, not rounded: there are few.
    pub(crate) dense: Vec<f32>,
    /// In the order of features.
    pub(crate) entries: Vec<Entry>,
    pub(crate) scale: f32,
    pub(crate) bias: f32,
    pub(crate) experience: f32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    pub(crate) feature: u32,
    pub(crate) weight: i8,
    /// Whether the feature stands in an example of the class and in no everyday question.
    pub(crate) seen: bool,
}

impl Compact {
    /// Rounds what was trained; `own` are the examples of the class, `everyday` is what stands in everyday questions. The first
    /// `dims` features are the numbers of an embedding; of the other weights the `most` that are largest are taken.
    pub(crate) fn new(
        trained: &Trained,
        own: &[Row],
        everyday: &Features,
        (dims, most): (usize, usize),
    ) -> Self {
        let seen = Features::of(own, everyday.count());
        let at = trained.weights.partition_point(|(feature, _)| (*feature as usize) < dims);
        let (embedding, sparse) = trained.weights.split_at(at);
        let mut dense = vec![0.0; dims];
        for &(feature, weight) in embedding {
            dense[feature as usize] = weight;
        }
        let largest = sparse.iter().fold(0.0_f32, |largest, (_, weight)| largest.max(weight.abs()));
        let scale = if largest > 0.0 { largest / f32::from(i8::MAX) } else { 1.0 };
        let smallest = largest * NEGLIGIBLE;
        let entry = |&(feature, weight): &(u32, f32)| {
            let (large, seen) = (weight.abs() >= smallest, seen.has(feature) && !everyday.has(feature));
            if !large && !seen {
                return None;
            }
            #[expect(clippy::cast_possible_truncation, reason = "`scale` brings it to -127..=127")]
            let weight = if large { (weight / scale).round() as i8 } else { 0 };
            Some(Entry { feature, weight, seen })
        };
        let mut entries: Vec<_> = sparse.iter().filter_map(entry).collect();
        keep_largest(&mut entries, most);
        Self { dense, entries, scale, bias: trained.bias, experience: (own.len().max(1) as f32).ln() }
    }
}

/// A set of features: those that stand in some rows.
pub(crate) struct Features {
    bits: Vec<u64>,
    count: usize,
}

impl Features {
    /// Those in `rows`, out of features 0 to `count` − 1.
    pub(crate) fn of(rows: &[Row], count: usize) -> Self {
        let mut bits = vec![0; count.div_ceil(64)];
        for item in rows.iter().flat_map(|row| row.vector.iter()) {
            bits[item.feature as usize / 64] |= 1 << (item.feature % 64);
        }
        Self { bits, count }
    }

    fn has(&self, feature: u32) -> bool {
        self.bits[feature as usize / 64] & (1 << (feature % 64)) != 0
    }

    fn count(&self) -> usize {
        self.count
    }
}

fn keep_largest(entries: &mut Vec<Entry>, most: usize) {
    if entries.len() > most {
        let mut sizes: Vec<_> = entries.iter().map(|entry| entry.weight.unsigned_abs()).collect();
        let (_, &mut least, _) = sizes.select_nth_unstable_by(most, |a, b| b.cmp(a));
        entries.retain(|entry| entry.weight.unsigned_abs() > least);
    }
}

/// What speaks for a class, given a question.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Evidence {
    /// The classifier's output: about 1 for its own examples, -1 for others'.
    pub(crate) margin: f32,
    /// The share, 0 to 1, of the question (by squared weight) that stands in examples of the class and is not
    /// everyday talk.
    pub(crate) coverage: f32,
    /// The logarithm of the number of examples. With few of them even the right questions have low margins.
    pub(crate) experience: f32,
    /// How long the question is, the same for all classes; see [`length`]. In long questions right skills have lower
    /// margins.
    pub(crate) length: f32,
}

/// The logarithm of the number of a question's features, 0 for one of about ten words.
pub(crate) fn length(features: usize) -> f32 {
    (features.max(1) as f32 / 200.0).ln()
}

/// For each feature the classes that say something about it.
pub(crate) struct Postings {
    /// Where the postings of a feature begin; one more than there are features.
    starts: Vec<u32>,
    /// Class in the upper 23 bits, then a bit for `seen`, then the weight.
    entries: Vec<u32>,
    /// By class, the weights of the numbers of an embedding.
    dense: Vec<f32>,
    dims: usize,
    /// By class.
    classes: Vec<Line>,
}

/// From sums of rounded weights to a margin.
struct Line {
    scale: f32,
    bias: f32,
    experience: f32,
}

impl Postings {
    /// Of classes 0, 1, 2, … Each feature goes by the number that `renumber` has for it.
    pub(crate) fn new(classes: &[Compact], renumber: &[u32]) -> Self {
        let features = renumber.len();
        let place = |entry: &Entry| renumber[entry.feature as usize] as usize;
        let mut starts = vec![0_u32; features + 1];
        for entry in classes.iter().flat_map(|class| &class.entries) {
            starts[place(entry) + 1] += 1;
        }
        for feature in 0..features {
            starts[feature + 1] += starts[feature];
        }
        let mut next = starts.clone();
        let mut entries = vec![0; starts[features] as usize];
        for (class, compact) in (0_u32..).zip(classes) {
            for entry in &compact.entries {
                let next = &mut next[place(entry)];
                let weight = u32::from(entry.weight.cast_unsigned());
                entries[*next as usize] = class << 9 | u32::from(entry.seen) << 8 | weight;
                *next += 1;
            }
        }
        let line = |&Compact { scale, bias, experience, .. }: &Compact| Line { scale, bias, experience };
        let dims = classes.first().map_or(0, |class| class.dense.len());
        let dense = classes.iter().flat_map(|class| class.dense.iter().copied()).collect();
        Self { starts, entries, dense, dims, classes: classes.iter().map(line).collect() }
    }

    /// The memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.starts)
            + size_of_val(&*self.entries)
            + size_of_val(&*self.dense)
            + size_of_val(&*self.classes)
    }

    /// What a question says of each class.
    pub(crate) fn signs(&self, vector: &[Item]) -> Vec<Signs> {
        let mut signs = vec![Signs::default(); self.classes.len()];
        let sparse = without_embedding(vector, self.dims);
        for item in sparse {
            let feature = item.feature as usize;
            let postings = self.starts[feature] as usize..self.starts[feature + 1] as usize;
            for &entry in &self.entries[postings] {
                let signs = &mut signs[(entry >> 9) as usize];
                let [weight, seen, ..] = entry.to_le_bytes();
                signs.margin += item.value * f32::from(weight.cast_signed());
                signs.coverage += item.value * item.value * f32::from(seen & 1);
            }
        }
        for (signs, line) in signs.iter_mut().zip(&self.classes) {
            signs.margin = signs.margin * line.scale + line.bias;
        }
        let embedding = &vector[..vector.len() - sparse.len()];
        if embedding.len() == self.dims && self.dims > 0 {
            let embedding: Vec<f32> = embedding.iter().map(|item| item.value).collect();
            for (signs, weights) in signs.iter_mut().zip(self.dense.chunks_exact(self.dims)) {
                signs.margin += product(weights, &embedding);
            }
        }
        signs
    }

    /// What speaks for a class, given a question with these signs and of that [`length`].
    pub(crate) fn evidence(&self, class: usize, Signs { margin, coverage }: Signs, length: f32) -> Evidence {
        Evidence { margin, coverage, experience: self.classes[class].experience, length }
    }

    /// What speaks for each class, given a question of so many features, known or not.
    pub(crate) fn evidences(&self, vector: &[Item], features: usize) -> Vec<Evidence> {
        let (signs, length) = (self.signs(vector), length(features));
        signs.into_iter().enumerate().map(|(class, signs)| self.evidence(class, signs, length)).collect()
    }
}

/// What a question says of one class; small, since among many skills most of the time goes into adding these up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signs {
    /// See [`Evidence::margin`].
    pub(crate) margin: f32,
    /// See [`Evidence::coverage`].
    coverage: f32,
}

/// The scalar product, summed up in parts side by side, which the compiler makes vector instructions of.
fn product(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0_f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(weights: &[f32], bias: f32) -> Trained {
        Trained { weights: (0..).zip(weights.iter().copied()).collect(), bias, duals: Vec::new() }
    }

    #[test]
    fn scores_as_the_weights_do_but_for_rounding() {
        let row = |class, features: &[u32]| {
            let vector = features.iter().map(|&feature| Item { feature, value: 0.5 }).collect();
            Row { class, vector }
        };
        let rows = [row(0, &[0]), row(1, &[0, 1, 2, 4]), row(1, &[2])];
        let everyday = Features::of(&rows[..1], 5);
        let nobody = trained(&[0.0], -0.25);
        let known = trained(&[1.0, -0.5, 0.003, 0.25, 0.0], 0.1);
        let compact = [(nobody, &rows[..1]), (known, &rows[1..])];
        let compact = compact.map(|(of, own)| Compact::new(&of, own, &everyday, (0, 9)));
        let postings = Postings::new(&compact, &[0, 1, 2, 3, 4]);
        let question: Vec<_> = (0..4).map(|feature| Item { feature, value: 0.5 }).collect();
        let [nobody, known] = postings.evidences(&question, 200)[..] else { panic!("two classes") };
        assert_eq!(nobody, Evidence { margin: -0.25, coverage: 0.0, experience: 0.0, length: 0.0 });
        assert!((known.margin - (0.1 + 0.5 - 0.25 + 0.125)).abs() < 0.01, "{known:?}");
        // Feature 0 is everyday talk and 3 in no example.
        assert!((known.coverage - 0.5).abs() < 1e-6, "{known:?}");
        assert!((known.experience - 2.0_f32.ln()).abs() < 1e-6, "{known:?}");
    }

    #[test]
    fn where_weights_are_limited_the_largest_stay() {
        let trained = trained(&[1.0, -0.5, 0.1, 0.25, 0.0], 0.0);
        let kept = |most| {
            let compact = Compact::new(&trained, &[], &Features::of(&[], 5), (0, most));
            compact.entries.iter().map(|entry| entry.feature).collect::<Vec<_>>()
        };
        assert_eq!(kept(9), [0, 1, 2, 3]);
        assert_eq!(kept(2), [0, 1]);
    }

    #[test]
    fn embeddings_are_scored_beside_features() {
        let dims = 11;
        let embedding = (0..11).map(|feature| Item { feature, value: 0.1 });
        let row =
            Row { class: 0, vector: embedding.clone().chain([Item { feature: 11, value: 1.0 }]).collect() };
        let weights: Vec<_> = (0..11_u8).map(f32::from).chain([0.5]).collect();
        let rows = std::slice::from_ref(&row);
        let compact = Compact::new(&trained(&weights, 0.25), rows, &Features::of(rows, 12), (dims, 9));
        let postings = Postings::new(&[compact], &(0..12).collect::<Vec<_>>());
        let margin = |vector: &[Item]| postings.evidences(vector, 200)[0].margin;
        assert!((margin(&row.vector) - (5.5 + 0.5 + 0.25)).abs() < 1e-4);
        assert!((margin(&row.vector[dims..]) - 0.75).abs() < 1e-4, "a question without one");
        assert!((margin(&row.vector[..dims]) - 5.75).abs() < 1e-4);
        let coverage = postings.evidences(&row.vector, 200)[0].coverage;
        assert!((coverage - 0.0).abs() < 1e-6, "what is nobody's is not covered");
    }
}
