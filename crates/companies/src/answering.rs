use crate::intent::{Fact, Reading, Subject, VOCABULARY, read};
use crate::model::{Bank, BankCode, Company};
use crate::ports::CompanyStore;
use crate::replies;
use async_trait::async_trait;
use square_kernel::{Asker, Limit, Page, Unavailable, UserId};
use square_naming::{Matching, Mention, NameKey, Phrase, Wording, few, mentions_of, settle};
use square_skills::{ResultItem, Skill, SkillFailure, SkillRequest};
use std::sync::Arc;

/// Answers questions about banks to anybody, and about companies to their owner.
///
/// No company of somebody else is ever looked up, whatever the asker may see elsewhere: a question about one is answered as if
/// there was none.
pub struct CompaniesSkill {
    store: Arc<dyn CompanyStore>,
}

/// The most of one's own companies that a question without a name is answered about.
const OWN: u16 = 10;

impl CompaniesSkill {
    /// Answers from `store`.
    pub fn new(store: Arc<dyn CompanyStore>) -> Self {
        Self { store }
    }

    async fn reply(&self, question: &str, asker: &Asker) -> Result<Vec<ResultItem>, Unavailable> {
        let wording = Wording::of(question);
        let mentions = self.names_in(&wording, asker.user()).await?;
        let (companies, banks) = sorted(&mentions);
        match (read(&wording, &mentions), asker.user()) {
            (Reading::BankOf(code), _) => self.bank_of(code).await,
            (Reading::CodeOf, _) => Ok(replies::codes(&banks)),
            (Reading::CodeOfUnknown, _) => Ok(wording
                .unknown(&mentions, VOCABULARY)
                .map_or_else(replies::what_can_be_asked, |name| replies::unknown_bank(&name))),
            (Reading::Named(fact), _) => Ok(replies::companies(&companies, fact, false)),
            (Reading::Own(fact), Some(user)) => self.own(user, fact).await,
            // The names of banks are no companies of the asker.
            (Reading::OfUnknown, Some(_)) => Ok(wording
                .unknown(&Vec::<Mention<()>>::new(), VOCABULARY)
                .map_or_else(replies::what_can_be_asked, |name| replies::unknown_company(&name))),
            (Reading::Own(_) | Reading::OfUnknown, None) => Ok(replies::sign_in()),
            (Reading::Other, _) => Ok(replies::what_can_be_asked()),
        }
    }

    async fn bank_of(&self, code: BankCode) -> Result<Vec<ResultItem>, Unavailable> {
        let banks = self.store.banks_by_code(&[code]).await?;
        Ok(banks.first().map_or_else(|| replies::unknown_code(code), replies::bank_of_code))
    }

    async fn own(&self, user: UserId, fact: Fact) -> Result<Vec<ResultItem>, Unavailable> {
        let page = Page { limit: Limit::new(OWN).unwrap_or_default(), after: None };
        let slice = self.store.list(Some(user), page).await?;
        if slice.items.is_empty() {
            return Ok(replies::no_companies());
        }
        Ok(replies::companies(&slice.items, fact, slice.next.is_some()))
    }

    async fn names_in(
        &self,
        wording: &Wording,
        user: Option<UserId>,
    ) -> Result<Vec<Mention<Subject>>, Unavailable> {
        let mut found = self.look_up(&wording.phrases(), Matching::Exact, user).await?;
        let doubtful = wording.doubtful(&found, VOCABULARY);
        found.extend(self.look_up(&doubtful, Matching::Resembling, user).await?);
        Ok(settle(wording, VOCABULARY, found))
    }

    async fn look_up(
        &self,
        phrases: &[Phrase],
        matching: Matching,
        user: Option<UserId>,
    ) -> Result<Vec<Mention<Subject>>, Unavailable> {
        let keys: Vec<NameKey> = phrases.iter().map(|phrase| phrase.key.clone()).collect();
        let mut found = Vec::new();
        if keys.is_empty() {
            return Ok(found);
        }
        if let Some(user) = user {
            let companies = self.store.named(user, &keys, matching).await?;
            let named = companies.into_iter().map(|company| (company.key(), Subject::Company(company)));
            found.extend(mentions_of(phrases, matching, named));
        }
        let banks = self.store.banks_named(&keys, matching).await?;
        let named = banks.into_iter().map(|(key, bank)| (key, Subject::Bank(bank)));
        found.extend(mentions_of(phrases, matching, named));
        Ok(found)
    }
}

fn sorted(mentions: &[Mention<Subject>]) -> (Vec<Company>, Vec<Bank>) {
    let (mut companies, mut banks) = (Vec::new(), Vec::new());
    for mention in mentions {
        match &mention.means {
            Subject::Company(company) => companies.push(company),
            Subject::Bank(bank) => banks.push(bank),
        }
    }
    (few(companies).into_iter().cloned().collect(), few(banks).into_iter().cloned().collect())
}

#[async_trait]
impl Skill for CompaniesSkill {
    async fn answer(&self, request: &SkillRequest) -> Result<Vec<ResultItem>, SkillFailure> {
        let mut items = self.reply(&request.question, &request.asker).await.map_err(|cause| {
            tracing::warn!(cause = cause.chain(), "companies cannot be read");
            SkillFailure::Internal
        })?;
        items.truncate(usize::from(request.max_results));
        Ok(items)
    }
}

#[cfg(test)]
#[path = "answering_tests.rs"]
mod tests;
