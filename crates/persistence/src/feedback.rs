use crate::Stores;
use crate::columns::{Key, Moment, corrupt};
use crate::connection::DbConnection;
use crate::proposals;
use crate::question_log::hold;
use crate::schema::feedback::verdicts;
use async_trait::async_trait;
use diesel::prelude::*;
use square_kernel::{SkillId, Unavailable};
use square_routing::{Comment, FeedbackStore, QuestionId, Rating, Verdict};
use square_skills::NewProposal;

/// How many questions' verdicts are read by one statement; databases limit its length.
const AT_ONCE: usize = 500;

#[async_trait]
impl FeedbackStore for Stores {
    async fn give(&self, verdict: &Verdict, proposal: Option<&NewProposal>) -> Result<bool, Unavailable> {
        let (row, proposal) = (VerdictRow::from(verdict), proposal.cloned());
        self.database
            .write(move |connection| {
                let Some(asker) = hold(connection, row.question_id)? else { return Ok(false) };
                row.put(connection)?;
                match (&proposal, asker) {
                    (Some(new), Some(asker)) => {
                        proposals::propose(connection, row.question_id, asker, new)?;
                    }
                    _ if row.helpful => {}
                    _ => proposals::withdraw(connection, row.question_id, row.skill_id)?,
                }
                Ok(true)
            })
            .await
    }

    async fn take_back(&self, question: QuestionId, skill: SkillId) -> Result<bool, Unavailable> {
        let (question, skill) = (Key(question.uuid()), Key(skill.uuid()));
        self.database
            .write(move |connection| {
                if hold(connection, question)?.is_none() {
                    return Ok(false);
                }
                let forgotten =
                    diesel::delete(verdicts::table.find((question, skill))).execute(connection)?;
                proposals::withdraw(connection, question, skill)?;
                Ok(forgotten > 0)
            })
            .await
    }

    async fn verdicts(&self, questions: &[QuestionId]) -> Result<Vec<Verdict>, Unavailable> {
        let keys: Vec<Key> = questions.iter().map(|question| Key(question.uuid())).collect();
        self.database
            .read(move |connection| {
                let mut found = Vec::new();
                for keys in keys.chunks(AT_ONCE) {
                    let on = verdicts::question_id.eq_any(keys.iter().map(Key::bytes));
                    for row in verdicts::table.filter(on).load::<VerdictRow>(connection)? {
                        found.push(row.verdict()?);
                    }
                }
                Ok(found)
            })
            .await
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = verdicts, treat_none_as_default_value = false)]
struct VerdictRow {
    question_id: Key,
    skill_id: Key,
    helpful: bool,
    comment: Option<String>,
    given_at: Moment,
}

impl VerdictRow {
    fn from(verdict: &Verdict) -> Self {
        Self {
            question_id: Key(verdict.question.uuid()),
            skill_id: Key(verdict.skill.uuid()),
            helpful: verdict.rating == Rating::Helpful,
            comment: verdict.comment.as_ref().map(|comment| comment.as_str().to_owned()),
            given_at: verdict.given_at.into(),
        }
    }

    /// Stores it over what there was. Its question is held.
    fn put(&self, connection: &mut DbConnection) -> QueryResult<()> {
        diesel::delete(verdicts::table.find((self.question_id, self.skill_id))).execute(connection)?;
        diesel::insert_into(verdicts::table).values(self).execute(connection).map(drop)
    }

    fn verdict(self) -> QueryResult<Verdict> {
        let comment = self.comment.as_deref().map_or(Ok(None), Comment::parse);
        Ok(Verdict {
            question: self.question_id.0.into(),
            skill: self.skill_id.0.into(),
            rating: if self.helpful { Rating::Helpful } else { Rating::NotHelpful },
            comment: comment.map_err(|error| corrupt("verdicts.comment", error))?,
            given_at: self.given_at.at,
        })
    }
}
