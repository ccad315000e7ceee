use super::Evaluation;

const BANDS: u8 = 10;

/// The questions whose best score lies between two numbers. Where scores are probabilities, `right` is about
/// `score`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The least score, taken in.
    pub from: f32,
    /// The highest score, left out but for 1.
    pub to: f32,
    /// How many questions.
    pub questions: usize,
    /// The average of their best scores.
    pub score: f64,
    /// The share for which the right skill came first. Questions out of scope count as wrong.
    pub right: f64,
}

impl Evaluation {
    /// Ten bands of equal width, of those that have questions.
    pub fn reliability(&self) -> Vec<Band> {
        (0..BANDS).filter_map(|number| self.band(number)).collect()
    }

    fn band(&self, number: u8) -> Option<Band> {
        let (from, to) = (f32::from(number) / f32::from(BANDS), f32::from(number + 1) / f32::from(BANDS));
        let within = |score: f32| score >= from && (score < to || number + 1 == BANDS);
        let inside: Vec<_> = self.outcomes.iter().filter(|outcome| within(outcome.score())).collect();
        let average = |sum: f64| sum / inside.len() as f64;
        (!inside.is_empty()).then(|| Band {
            from,
            to,
            questions: inside.len(),
            score: average(inside.iter().map(|outcome| f64::from(outcome.score())).sum()),
            right: average(inside.iter().filter(|outcome| outcome.right()).count() as f64),
        })
    }

    pub(super) fn calibration_error(&self) -> f64 {
        let off = |band: Band| (band.score - band.right).abs() * band.questions as f64;
        self.reliability().into_iter().map(off).sum::<f64>() / self.outcomes.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    #[test]
    fn every_score_has_one_band() {
        let scores = [0.0, 0.05, 0.1, 0.55, 0.95, 1.0];
        let outcomes = scores.map(|score| outcome(Some(1), &[1], score)).to_vec();
        let bands = Evaluation { outcomes }.reliability();
        let counted: Vec<_> = bands.iter().map(|band| (band.from, band.questions)).collect();
        assert_eq!(counted, [(0.0, 2), (0.1, 1), (0.5, 1), (0.9, 2)]);
        assert!(bands.iter().all(|band| (band.right - 1.0).abs() < 1e-9));
        assert!((bands[3].score - 0.975).abs() < 1e-6);
    }
}
