/// How well a selector routes the held-out questions of a skill, among all skills it knows. Only the first figure is
/// there for every selector.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// The share of the questions, 0 to 1, for which the skill came first.
    pub top1: f64,
    /// The share for which it was among the first three.
    pub top3: Option<f64>,
    /// The share for which it came first and passed the threshold.
    pub in_scope_at_threshold: Option<f64>,
    /// How far the best scores are from the share of right ones, on average (expected calibration error).
    pub ece: Option<f64>,
    /// How long learning took, in milliseconds.
    pub train_ms: Option<f64>,
    /// Half of the questions were ranked within so many microseconds.
    pub p50_us: Option<f64>,
    /// 99 of 100 were.
    pub p99_us: Option<f64>,
    /// The memory that ranking takes.
    pub model_bytes: Option<u64>,
    /// How many skills the selector knew.
    pub skills: Option<u64>,
    /// From how many example questions.
    pub examples: Option<u64>,
}

impl From<f64> for Measured {
    fn from(top1: f64) -> Self {
        Self { top1, ..Self::default() }
    }
}
