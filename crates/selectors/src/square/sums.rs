/// A number for each feature, most of them zero: quick to add to, to read in order, and to empty.
pub(crate) struct Sums {
    numbers: Vec<f32>,
    /// A bit for each number that was added to.
    touched: Vec<u64>,
}

impl Sums {
    /// Zeros, for features 0 to `features` − 1.
    pub(crate) fn new(features: usize) -> Self {
        Self { numbers: vec![0.0; features], touched: vec![0; features.div_ceil(64)] }
    }

    /// Adds `number`, which may be zero, to that of `feature`.
    pub(crate) fn add(&mut self, feature: u32, number: f32) {
        let feature = feature as usize;
        self.numbers[feature] += number;
        self.touched[feature / 64] |= 1 << (feature % 64);
    }

    /// Takes out what was added to, in the order of features; afterwards all are zero.
    pub(crate) fn take(&mut self) -> Vec<(u32, f32)> {
        let mut taken = Vec::with_capacity(self.touched.iter().map(|bits| bits.count_ones() as usize).sum());
        for (first, bits) in (0..).step_by(64).zip(&mut self.touched) {
            while *bits > 0 {
                let feature = first + bits.trailing_zeros();
                taken.push((feature, std::mem::take(&mut self.numbers[feature as usize])));
                *bits &= *bits - 1;
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_to_comes_out_in_order_once() {
        let mut sums = Sums::new(200);
        for (feature, number) in [(199, 1.0), (64, 2.0), (0, 0.0), (64, -0.5), (63, 3.0)] {
            sums.add(feature, number);
        }
        assert_eq!(sums.take(), [(0, 0.0), (63, 3.0), (64, 1.5), (199, 1.0)]);
        assert_eq!(sums.take(), []);
        sums.add(64, 1.0);
        assert_eq!(sums.take(), [(64, 1.0)]);
    }
}
