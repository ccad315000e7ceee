use crate::model::Bank;
use crate::ports::{BankFilter, CompanyStore};
use square_kernel::{Limit, Page, Unavailable};
use square_skills::TrainingSet;

/// How many banks the questions are made from.
const BANKS: u16 = 200;
/// How many questions each form is turned into.
const OF_EACH_FORM: usize = 4;

#[rustfmt::skip]
const TRAIN: &[&str] = &[
    "Which bank is {code}?", "What bank has the code {code}?", "which bank is number {code}", "Name the bank with code {code}",
    "What is the bank code {code}?", "bank {code}",
    "What is the code of {bank}?", "Which code has {bank}?", "what is the bank code of {bank}", "Tell me the COMPE code of {bank}",
    "Which number does the bank {bank} have?", "code of {bank}",
];

#[rustfmt::skip]
const DEV: &[&str] = &[
    "Which bank has {code} as its code?", "Can you tell me which bank {code} is?", "What code does {bank} have?",
    "Give me the code of the bank {bank}",
];

/// About companies without a name of any, or with one that is made up.
///
/// Example questions are seen by everybody, and companies are private: none of those that are stored may stand here.
#[rustfmt::skip]
const OF_COMPANIES: &[&str] = &[
    "What is the phone number of my company?", "Which bank accounts has my company?", "What is the declared billing of my company?",
    "Which companies do I have?", "List the bank accounts of my companies", "Show me my companies", "What is the phone of Example Ltd?",
    "Which bank accounts has Sample & Sons?", "What are the agency and the account number of Example Ltd?",
    "How much billing has Example Ltd declared?", "At which banks has Sample & Sons accounts?", "What is the telephone number of the company Sample & Sons?",
];

#[rustfmt::skip]
const OF_COMPANIES_DEV: &[&str] = &[
    "Tell me the phone number of my company", "Which accounts has the company Example Ltd?", "What billing did my company declare?",
];

/// Questions this skill can answer, made from the banks that `store` knows: some to train a selector with, and some worded
/// otherwise to measure it with. The same banks give the same questions. Nothing in them comes from anybody's companies.
pub async fn example_questions(store: &dyn CompanyStore) -> Result<TrainingSet, Unavailable> {
    let page = Page { limit: Limit::new(BANKS).unwrap_or_default(), after: None };
    let banks = store.banks(&BankFilter::default(), page).await?.items;
    let train = questions(TRAIN, OF_EACH_FORM, &banks, OF_COMPANIES);
    let dev = questions(DEV, 3, &banks, OF_COMPANIES_DEV);
    Ok(TrainingSet { train: train.into(), dev: dev.into() })
}

fn questions(forms: &[&str], of_each: usize, banks: &[Bank], of_companies: &[&str]) -> Vec<String> {
    let mut questions: Vec<String> = Vec::new();
    let names = banks.iter().cycle().step_by(STRIDE);
    let forms = forms.iter().cycle().take(forms.len() * of_each);
    for question in forms.zip(names).map(|(form, bank)| filled(form, bank)) {
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions.extend(of_companies.iter().map(|&question| question.to_owned()));
    questions
}

/// A stride without a common divisor with most numbers spreads the names.
const STRIDE: usize = 7;

fn filled(form: &str, bank: &Bank) -> String {
    form.replace("{bank}", bank.name.as_str()).replace("{code}", &bank.code.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::InMemoryCompanies;
    use crate::{CompaniesSkill, seed};
    use square_kernel::testing::{ManualClock, SeededRandomness};
    use square_kernel::{Asker, UserId};
    use square_skills::{ResultBody, Skill, SkillRequest};
    use std::collections::HashSet;
    use std::sync::Arc;

    #[tokio::test]
    async fn there_are_enough_and_the_skill_answers_those_about_banks() {
        let store = Arc::new(InMemoryCompanies::default());
        let questions = example_questions(&*store).await.unwrap();
        assert!(questions.train.len() >= 40, "{}", questions.train.len());
        assert!(questions.dev.len() >= 10, "{}", questions.dev.len());
        let different: HashSet<&String> = questions.train.iter().collect();
        assert_eq!(different.len(), questions.train.len());
        assert!(questions.dev.iter().all(|question| !different.contains(question)));
        let skill = CompaniesSkill::new(store);
        let of_banks = |all: &Arc<[String]>, rest: usize| all[..all.len() - rest].to_vec();
        let train = of_banks(&questions.train, OF_COMPANIES.len());
        for question in train.into_iter().chain(of_banks(&questions.dev, OF_COMPANIES_DEV.len())) {
            let request = SkillRequest {
                question: question.into(),
                max_results: 10,
                asker: Asker::default(),
                skill_args: None,
            };
            let items = skill.answer(&request).await.unwrap();
            let facts = items.get(1).map(|item| &item.body);
            assert!(matches!(facts, Some(ResultBody::KeyValue(_))), "{request:?}: {items:?}");
        }
    }

    #[tokio::test]
    async fn no_company_stands_in_them() {
        let (store, clock, randomness) =
            (InMemoryCompanies::default(), ManualClock::default(), SeededRandomness::default());
        let before = example_questions(&store).await.unwrap();
        assert!(seed(&store, UserId::new(&clock, &randomness), &clock, &randomness).await.unwrap());
        assert_eq!(example_questions(&store).await.unwrap(), before);
    }
}
