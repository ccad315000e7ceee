//! From margins to probabilities.

use super::postings::Evidence;

/// p = σ(a·margin + b·(margin − best rival) + c·coverage + e·experience + f·length + d): Platt's scaling
/// ("Probabilistic Outputs for Support Vector Machines", 1999) with four more signs of fitting. A plain
/// share of the best margin would not do: the best skill would always score 1, however little it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration(Numbers);

/// In the order a, b, c, e, f, d.
type Numbers = [f64; COUNT];
const COUNT: usize = 6;
/// Where f stands.
const LENGTH: usize = 4;
/// So many of them only ever speak for a skill.
const FAVOURABLE: usize = 3;

/// How many cases' worth each start value counts against what is fitted.
const PRIOR: Numbers = [4.0, 4.0, 1.0, 10.0, 4.0, 1.0];

/// One case to learn from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) evidence: Evidence,
    /// The largest margin of any other class.
    pub(crate) rival: f32,
    /// Whether the class fits.
    pub(crate) fits: bool,
    /// How much it counts.
    pub(crate) weight: f64,
}

impl Default for Calibration {
    /// For few skills, or few examples each: found by drawing 1 to 7 skills with 1 to 80 examples from two
    /// public sets of questions and asking as often what fits, what another skill of the same set fits, and
    /// what is from the other set. With 1 example half of the fitting questions are routed right at a
    /// threshold of 0.3, with 3 seven of ten, with 8 more than eight, with 80 nineteen of twenty; of the
    /// questions from far afield 0 to 4 in 100 pass, of those of a neighbouring skill 4 (one skill, one
    /// example) to 37 (seven skills).
    fn default() -> Self {
        Self([2.5, 1.2, 6.0, -0.7, 0.0, 2.4])
    }
}

impl Calibration {
    pub(crate) const COUNT: usize = COUNT;

    pub(crate) fn numbers(&self) -> &[f64] {
        &self.0
    }

    /// `None` when they are not such numbers.
    pub(crate) fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let numbers: Numbers = numbers.try_into().ok()?;
        numbers.iter().all(|number| number.is_finite()).then_some(Self(numbers))
    }

    /// How well a class fits; [`probability`] makes a number from 0 to 1 of it.
    pub(crate) fn fit_of(&self, evidence: &Evidence, rival: f32) -> f64 {
        dot(&self.0, &inputs(evidence, rival))
    }

    /// Fits the numbers to `cases`, held near their start (a normal prior around it) so that a handful of cases moves
    /// them little. What speaks for a skill never comes to speak against it.
    pub(crate) fn fit(cases: &[Case]) -> Self {
        let start = Self::default().0;
        let least = std::array::from_fn(|i| if i < FAVOURABLE { 0.1 } else { f64::NEG_INFINITY });
        Self(newton(start, PRIOR, least, cases, |case| inputs(&case.evidence, case.rival)))
    }

    /// The same probabilities brought in line with `cases`, by Platt's scaling of all of them and by the length of the
    /// question: neither changes the order of the skills.
    pub(crate) fn tuned(&self, cases: &[Case]) -> Self {
        let inputs = |case: &Case| {
            let all = inputs(&case.evidence, case.rival);
            [dot(&self.0, &all), all[LENGTH], 1.0]
        };
        let least = [0.1, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let [scale, length, shift] = newton([1.0, 0.0, 0.0], [4.0, 4.0, 1.0], least, cases, inputs);
        let mut numbers = self.0.map(|number| number * scale);
        numbers[LENGTH] += length;
        numbers[COUNT - 1] += shift;
        Self(numbers)
    }
}

/// The probability that a class fits, given how well it does.
pub(crate) fn probability(fit: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
    let probability = logistic(fit) as f32;
    probability
}

/// Finds the numbers with which a logistic function of `inputs` fits `cases` best, near `start` as `prior` says and
/// none below `least`, by Newton's method.
fn newton<const N: usize>(
    start: [f64; N],
    prior: [f64; N],
    least: [f64; N],
    cases: &[Case],
    inputs: impl Fn(&Case) -> [f64; N],
) -> [f64; N] {
    let inputs: Vec<_> = cases.iter().map(inputs).collect();
    let mut at = start;
    for _ in 0..20 {
        let mut gradient = std::array::from_fn(|i| prior[i] * (at[i] - start[i]));
        let mut hessian = [[0.0; N]; N];
        (0..N).for_each(|i| hessian[i][i] = prior[i]);
        for (case, inputs) in cases.iter().zip(&inputs) {
            let probability = logistic(dot(&at, inputs));
            let error = case.weight * (probability - f64::from(u8::from(case.fits)));
            let curvature = case.weight * probability * (1.0 - probability);
            for i in 0..N {
                gradient[i] += error * inputs[i];
                (0..N).for_each(|j| hessian[i][j] += curvature * inputs[i] * inputs[j]);
            }
        }
        for i in (0..N).filter(|&i| at[i] <= least[i]) {
            // At its bound and drawn beyond: it stays, and the others find their place without it.
            if gradient[i] > 0.0 {
                gradient[i] = 0.0;
                (0..N).for_each(|j| (hessian[i][j], hessian[j][i]) = (0.0, 0.0));
                hessian[i][i] = 1.0;
            }
        }
        let Some(step) = solve(hessian, gradient) else { break };
        let largest = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
        let damping = (2.0 / largest).min(1.0);
        (0..N).for_each(|i| at[i] = (at[i] - damping * step[i]).max(least[i]));
        if largest < 1e-6 {
            break;
        }
    }
    if at.iter().all(|number| number.is_finite()) { at } else { start }
}

/// Gauss's elimination with the largest pivot. `None` when there is no single solution.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> Option<[f64; N]> {
    for column in 0..N {
        let pivot =
            (column..N).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            return None;
        }
        for row in column + 1..N {
            let factor = matrix[row][column] / matrix[column][column];
            (column..N).for_each(|i| matrix[row][i] -= factor * matrix[column][i]);
            right[row] -= factor * right[column];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|i| matrix[row][i] * right[i]).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

fn inputs(evidence: &Evidence, rival: f32) -> Numbers {
    let Evidence { margin, coverage, experience, length } = *evidence;
    [margin, margin - rival, coverage, experience, length, 1.0].map(f64::from)
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(margin: f32, coverage: f32) -> Evidence {
        Evidence { margin, coverage, experience: 2.0, length: 0.0 }
    }

    #[test]
    fn without_cases_the_start_values_stay() {
        assert_eq!(Calibration::fit(&[]), Calibration::default());
    }

    #[test]
    fn more_of_each_evidence_is_more_probable() {
        let calibration = Calibration::default();
        let least = probability(calibration.fit_of(&evidence(0.0, 0.3), 0.0));
        assert!(probability(calibration.fit_of(&evidence(0.2, 0.3), 0.2)) > least);
        assert!(probability(calibration.fit_of(&evidence(0.0, 0.3), -0.2)) > least);
        assert!(probability(calibration.fit_of(&evidence(0.0, 0.5), 0.0)) > least);
    }

    #[test]
    fn fitting_learns_where_the_cases_part() {
        let case = |n: u8| {
            let margin = f32::from(n) / 100.0 - 1.0;
            Case { evidence: evidence(margin, 0.1), rival: -1.0, fits: n >= 150, weight: 20.0 }
        };
        let cases: Vec<_> = (0..200).map(case).collect();
        let (start, fitted) = (Calibration::default(), Calibration::fit(&cases));
        let after =
            |calibration: Calibration, margin| probability(calibration.fit_of(&evidence(margin, 0.1), -1.0));
        assert!(after(start, 0.2) > 0.5, "the start does not do it");
        assert!(after(fitted, 0.2) < 0.2);
        assert!(after(fitted, 0.8) > 0.8);
    }

    #[test]
    fn tuning_keeps_the_order_and_moves_the_probabilities() {
        // One in three of those that are most sure is right.
        let case = |n: u8| Case {
            evidence: evidence(1.0, 0.5),
            rival: -1.0,
            fits: n.is_multiple_of(3),
            weight: 1.0,
        };
        let (start, tuned) =
            (Calibration::default(), Calibration::default().tuned(&(0..240).map(case).collect::<Vec<_>>()));
        assert!(probability(start.fit_of(&evidence(1.0, 0.5), -1.0)) > 0.9);
        let probability = probability(tuned.fit_of(&evidence(1.0, 0.5), -1.0));
        assert!((0.25..0.5).contains(&probability), "{probability}");
        let order = |calibration: &Calibration| {
            let mut cases: Vec<_> =
                (0..50_u8).map(|n| (n, f32::from(n % 7) / 3.0 - 1.0, f32::from(n % 5) / 5.0)).collect();
            let fit = |(_, margin, coverage): &(u8, f32, f32)| {
                dot(&calibration.0, &inputs(&evidence(*margin, *coverage), -0.3))
            };
            cases.sort_by(|a, b| fit(a).total_cmp(&fit(b)).then(a.0.cmp(&b.0)));
            cases.iter().map(|case| case.0).collect::<Vec<_>>()
        };
        assert_eq!(order(&start), order(&tuned));
        assert_eq!(start.tuned(&[]), start);
    }

    #[test]
    fn cases_that_cannot_be_told_apart_do_no_harm() {
        let same = Case { evidence: evidence(0.0, 0.0), rival: 0.0, fits: true, weight: 1e9 };
        let fitted = Calibration::fit(&[same, Case { fits: false, ..same }]);
        assert!(fitted.0.iter().all(|factor| factor.is_finite()));
    }
}
