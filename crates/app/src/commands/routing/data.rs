//! Reading questions whose skills are known.

use crate::terminal;
use serde::{Deserialize, Deserializer};
use square_kernel::{SkillId, uuid::Uuid};
use square_selectors::evaluation::Sample;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file of questions is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum DataError {
    #[error("{path} cannot be read")]
    Unread {
        path: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("{path} cannot be written")]
    Unwritten {
        path: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("{path}, line {line}: {fault}")]
    Line { path: String, line: usize, fault: String },
    #[error("{files}: there is no question of the split `train` that has a skill")]
    NothingToLearn { files: String },
    #[error(
        "{files}: there is no question of the split `test`; with --train FILE the examples are taken from another file"
    )]
    NothingToMeasure { files: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Split {
    Train,
    Val,
    Test,
}

#[derive(Deserialize)]
struct Line {
    split: Split,
    // Without this, a line that lacks it would say that no skill fits.
    #[serde(deserialize_with = "present")]
    skill: Option<String>,
    question: String,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Questions to learn from, to tune with and to measure with.
pub(super) struct DataSet {
    names: BTreeMap<SkillId, String>,
    /// Those that have something to learn from.
    pub(super) skills: Vec<SkillId>,
    pub(super) train: Vec<(SkillId, Arc<[String]>)>,
    /// To learn from: questions that no skill fits.
    pub(super) strangers: Vec<String>,
    /// How many questions there are to learn from.
    pub(super) examples: usize,
    pub(super) val: Vec<Sample>,
    pub(super) test: Vec<Sample>,
}

impl DataSet {
    /// Takes the files together. With `train`, the split of that name comes from there alone.
    pub(super) fn read(files: &[PathBuf], train: Option<&Path>) -> Result<Self, DataError> {
        let mut lines = Vec::new();
        for file in files {
            lines.extend(read(file)?);
        }
        if let Some(train) = train {
            lines.retain(|line| line.split != Split::Train);
            lines.extend(read(train)?.into_iter().filter(|line| line.split == Split::Train));
        }
        let data = Self::sort(lines);
        let files = || files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
        if data.skills.is_empty() {
            return Err(DataError::NothingToLearn { files: files() });
        }
        if data.test.is_empty() {
            return Err(DataError::NothingToMeasure { files: files() });
        }
        Ok(data)
    }

    fn sort(lines: Vec<Line>) -> Self {
        let names: std::collections::BTreeSet<_> =
            lines.iter().filter_map(|line| line.skill.clone()).collect();
        let ids: BTreeMap<String, SkillId> =
            names.into_iter().zip((1..).map(|number| Uuid::from_u128(number).into())).collect();
        let mut learnt = BTreeMap::<SkillId, Vec<String>>::new();
        let (mut strangers, mut val, mut test) = (Vec::new(), Vec::new(), Vec::new());
        for Line { split, skill, question } in lines {
            let skill = skill.map(|name| ids[&name]);
            match (split, skill) {
                (Split::Train, Some(skill)) => learnt.entry(skill).or_default().push(question),
                (Split::Train, None) => strangers.push(question),
                (Split::Val, skill) => val.push(Sample { question, skill }),
                (Split::Test, skill) => test.push(Sample { question, skill }),
            }
        }
        Self {
            names: ids.into_iter().map(|(name, id)| (id, name)).collect(),
            skills: learnt.keys().copied().collect(),
            examples: learnt.values().map(Vec::len).sum(),
            train: learnt.into_iter().map(|(skill, questions)| (skill, questions.into())).collect(),
            strangers,
            val,
            test,
        }
    }

    pub(super) fn name(&self, skill: SkillId) -> &str {
        self.names.get(&skill).map_or("", String::as_str)
    }

    /// Test questions of skills that there was nothing to learn of.
    pub(super) fn unknown(&self) -> usize {
        let unknown = |sample: &&Sample| sample.skill.is_some_and(|skill| !self.skills.contains(&skill));
        self.test.iter().filter(unknown).count()
    }
}

fn read(path: &Path) -> Result<Vec<Line>, DataError> {
    let shown = || path.display().to_string();
    let bytes = std::fs::read(path).map_err(|cause| DataError::Unread { path: shown(), cause })?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let (mut lines, mut blank) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let fault = |fault| DataError::Line { path: shown(), line: number, fault };
        let line = parse(line).map_err(fault)?;
        // Public sets of questions have such lines. Nobody can ask nothing, and there is nothing to learn from it.
        if line.question.trim().is_empty() { blank.push(number) } else { lines.push(line) }
    }
    if let Some(first) = blank.first() {
        let count = blank.len();
        terminal::note(format!(
            "{}: passed over {count} without a question, the first in line {first}",
            shown()
        ));
    }
    Ok(lines)
}

fn parse(line: &[u8]) -> Result<Line, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        let (text, column) = (error.to_string(), error.column());
        let what = text.strip_suffix(&format!(" at line 1 column {column}")).unwrap_or(&text);
        format!("{what} (column {column})")
    })?;
    if line.skill.as_deref().is_some_and(|skill| skill.trim().is_empty()) {
        return Err("`skill` is empty; null stands for a question that no skill fits".to_owned());
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn fault(text: &str) -> String {
        let (_folder, path) = file(text);
        DataSet::read(&[path], None).map(drop).unwrap_err().to_string()
    }

    const TWO: &str = r#"{"split": "train", "skill": "a", "question": "one", "more": 1}
{"split": "test", "skill": "b", "question": "two"}
"#;

    #[test]
    fn lines_are_sorted_by_split() {
        let more = "\u{feff}\r\n{\"split\": \"train\", \"skill\": null, \"question\": \"three\"}\r\n\n\
                    {\"split\": \"val\", \"skill\": null, \"question\": \"four\"}\n";
        let (_folder, path) = file(&format!("{more}{TWO}"));
        let data = DataSet::read(&[path], None).unwrap();
        assert_eq!((data.skills.len(), data.examples, data.unknown()), (1, 1, 1));
        assert_eq!(data.strangers, ["three"]);
        assert_eq!(data.val, [Sample { question: "four".into(), skill: None }]);
        assert_eq!(data.name(data.test[0].skill.unwrap()), "b");
    }

    #[test]
    fn examples_may_come_from_another_file() {
        let (_folder, path) = file(TWO);
        let (_other, train) = file(r#"{"split": "train", "skill": "b", "question": "three"}"#);
        let data = DataSet::read(&[path], Some(&train)).unwrap();
        assert_eq!(data.name(data.skills[0]), "b");
        assert_eq!((data.skills.len(), data.unknown()), (1, 0));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_with_its_number() {
        for (line, told) in [
            (r#"{"split": "train", "skill": "a"}"#, "missing field `question`"),
            (r#"{"split": "train", "question": "a"}"#, "missing field `skill`"),
            (r#"{"split": "dev", "skill": "a", "question": "a"}"#, "unknown variant `dev`"),
            (r#"{"split": "train", "skill": 7, "question": "a"}"#, "invalid type"),
            (r#"{"split": "train", "skill": "", "question": "a"}"#, "`skill` is empty"),
            ("train a b", "expected ident"),
        ] {
            let fault = fault(&format!("{TWO}\n{line}\n"));
            assert!(fault.contains("data.jsonl, line 4: ") && fault.contains(told), "{fault}");
        }
    }

    #[test]
    fn lines_without_a_question_are_passed_over() {
        let blank = r#"{"split": "train", "skill": "a", "question": " "}"#;
        let of = |lines: &str| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("data.jsonl");
            std::fs::write(&path, lines).unwrap();
            DataSet::read(&[path], None).unwrap().examples
        };
        assert_eq!(of(&format!("{blank}\n{TWO}\n{blank}\n")), of(TWO));
    }

    #[test]
    fn a_file_without_a_split_that_is_needed_is_refused() {
        assert!(fault(TWO.lines().next().unwrap()).contains("the split `test`"));
        assert!(fault(TWO.lines().nth(1).unwrap()).contains("the split `train`"));
        let nowhere = DataSet::read(&["nowhere.jsonl".into()], None).map(drop).unwrap_err();
        assert_eq!(nowhere.to_string(), "nowhere.jsonl cannot be read");
    }
}
