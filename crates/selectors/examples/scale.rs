//! How the selector `Square` grows: selection among 64 to 10 000 skills, training, publishing, size.
//!
//! `cargo run --release -p square-selectors --example scale [-- SKILLSxEXAMPLES…]`
//!
//! Skills have made-up questions that behave like real ones: common words in many of them, some words of a subject
//! that a few skills share, a few of the skill's own; the same in every run. Beside each figure stands a limit
//! measured in the same run on the same questions: what looking for the nearest example takes, by one product of
//! sparse vectors for each example that shares a word (which is all that a search engine's ranking does), without
//! reading the question or keeping the best.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts become figures and chances, and chances become small counts"
)]

use square_kernel::SkillId;
use square_routing::Selector;
use square_selectors::SquareSelector;
use square_skills::ports::Learner;
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

const QUESTIONS: usize = 2000;
const COMMON: usize = 600;

type Skills = Vec<(SkillId, Arc<[String]>)>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let asked: Vec<(usize, usize)> =
        std::env::args().skip(1).map(|size| parsed(&size)).collect::<Result<_, _>>()?;
    let all = vec![(64, 20), (150, 100), (300, 20), (1000, 20), (10_000, 20)];
    let sizes = if asked.is_empty() { all } else { asked };
    show(
        "skills × examples   top1    train ms  publish ms  take up ms    p50 µs    p99 µs   limit µs   model MB   kept MB",
    );
    for (skills, examples) in sizes {
        measure(skills, examples).await?;
    }
    Ok(())
}

fn parsed(size: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let (skills, examples) = size.split_once('x').ok_or("write sizes as 150x100")?;
    Ok((skills.parse()?, examples.parse()?))
}

async fn measure(count: usize, examples: usize) -> Result<(), Box<dyn Error>> {
    let mut author = Author::new(count);
    let skills: Skills =
        (0..count).map(|skill| (id(skill), author.questions(skill, examples).into())).collect();
    let asked: Vec<(usize, String)> =
        (0..QUESTIONS).map(|number| (number % count, author.question(number % count))).collect();
    let selector = SquareSelector::new();
    let train = took(selector.train(&skills, &|_| ())).await?;
    let (right, times) = ask(&selector, &skills, &asked).await?;
    let kept = selector.keep().await?.ok_or("nothing to keep")?;
    let other = SquareSelector::new();
    let began = Instant::now();
    if !other.take_up(&skills, &kept).await {
        return Err("what was kept is of no use".into());
    }
    let take_up = began.elapsed();
    let (skill, last) = (id(count), author.questions(count, examples));
    let publish = took(selector.learn(skill, &last, &|_| ())).await?;
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    show(&format!(
        "{count:>6} × {examples:<8} {:>6.3} {:>11.0} {:>11.1} {:>11.1} {:>9.1} {:>9.1} {:>10.1} {:>10.2} {:>9.2}",
        right as f64 / QUESTIONS as f64,
        train.as_secs_f64() * 1e3,
        publish.as_secs_f64() * 1e3,
        take_up.as_secs_f64() * 1e3,
        micros(times[times.len() / 2]),
        micros(times[times.len() * 99 / 100]),
        micros(nearest(&skills, &asked)),
        selector.model_bytes() as f64 / 1e6,
        kept.bytes.len() as f64 / 1e6,
    ));
    Ok(())
}

async fn took<E>(work: impl Future<Output = Result<(), E>>) -> Result<Duration, E> {
    let began = Instant::now();
    work.await?;
    Ok(began.elapsed())
}

/// How many questions are routed right, and how long each takes, shortest first.
async fn ask(
    selector: &SquareSelector,
    skills: &Skills,
    asked: &[(usize, String)],
) -> Result<(usize, Vec<Duration>), Box<dyn Error>> {
    let candidates: Vec<_> = skills.iter().map(|(skill, _)| *skill).collect();
    let (mut right, mut times) = (0, Vec::with_capacity(asked.len()));
    for (skill, question) in asked {
        let began = Instant::now();
        let ranking = selector.rank(question, &candidates).await?;
        times.push(began.elapsed());
        right += usize::from(ranking.scores.first().is_some_and(|best| best.candidate == *skill));
    }
    times.sort_unstable();
    Ok((right, times))
}

/// The median time of adding up, for each example that shares a word with a question, what the shared words weigh.
fn nearest(skills: &Skills, asked: &[(usize, String)]) -> Duration {
    let mut words = HashMap::<&str, Vec<(usize, f32)>>::new();
    let examples = skills.iter().flat_map(|(_, examples)| examples.iter());
    let mut count = 0;
    for (number, example) in examples.enumerate() {
        count = number + 1;
        example.split(' ').for_each(|word| words.entry(word).or_default().push((number, 1.0)));
    }
    for postings in words.values_mut() {
        let weight = (count as f32 / postings.len() as f32).ln();
        for (_, of) in postings {
            *of = weight;
        }
    }
    let mut scores = vec![0.0_f32; count];
    let mut times = Vec::with_capacity(asked.len());
    for (_, question) in asked {
        let postings: Vec<_> = question.split(' ').filter_map(|word| words.get(word)).collect();
        let began = Instant::now();
        for &(example, weight) in postings.into_iter().flatten() {
            scores[example] += weight;
        }
        times.push(began.elapsed());
        std::hint::black_box(&mut scores).fill(0.0);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Makes questions up.
struct Author {
    subjects: usize,
    state: u64,
}

impl Author {
    fn new(skills: usize) -> Self {
        Self { subjects: skills.div_ceil(8), state: 0x9E37_79B9_7F4A_7C15 }
    }

    fn questions(&mut self, skill: usize, count: usize) -> Vec<String> {
        (0..count).map(|_| self.question(skill)).collect()
    }

    /// 5 to 12 words.
    fn question(&mut self, skill: usize) -> String {
        let length = 5 + self.below(8);
        let words: Vec<_> = (0..length).map(|place| self.word(skill, place)).collect();
        words.join(" ")
    }

    /// The second word is one of the skill's own; of the others half are common, by Zipf's law.
    fn word(&mut self, skill: usize, place: usize) -> String {
        let subject = skill % self.subjects;
        match self.below(8) {
            _ if place == 1 => spelt(30_000 + skill * 4 + self.below(4)),
            0..5 => {
                // The nth most common word comes with a chance of about 1/n.
                let rank = (COMMON as f64).powf(self.below(1 << 20) as f64 / f64::from(1 << 20));
                spelt(rank as usize)
            }
            5..7 => spelt(2_000 + (subject * 20 + self.below(20)) % 28_000),
            _ => spelt(30_000 + skill * 4 + self.below(4)),
        }
    }

    /// Marsaglia's xorshift (2003).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % end
    }
}

/// A word that looks like one, another for each number; common ones are short.
fn spelt(number: usize) -> String {
    const SYLLABLES: [&str; 40] = [
        "ba", "con", "der", "es", "fin", "gra", "hol", "in", "ja", "ker", "lo", "men", "na", "or", "per",
        "qui", "re", "sto", "ter", "un", "val", "wer", "ex", "yo", "zan", "al", "bre", "cha", "dis", "en",
        "fo", "ge", "hi", "is", "ki", "lan", "mo", "ni", "po", "ra",
    ];
    let mut rest = number;
    let mut word = String::new();
    while rest > 0 || word.is_empty() {
        // A step that has no divisor in common with the number of syllables: neighbours look different.
        word.push_str(SYLLABLES[(rest * 17 + 3 * word.len()) % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

fn id(number: usize) -> SkillId {
    // Random enough where identifiers are random.
    let low = (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    square_kernel::uuid::Uuid::from_u128(low).into()
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn show(line: &str) {
    println!("{line}");
}
