use super::*;
use crate::testing::InMemoryCompanies;
use crate::{Companies, CompanyDraft, seed};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Identity, Permissions, SessionId};
use square_skills::ResultBody;

struct Scene {
    store: Arc<InMemoryCompanies>,
    clock: Arc<ManualClock>,
    randomness: Arc<SeededRandomness>,
    owner: Asker,
    other: Asker,
}

impl Scene {
    /// With the sample data, which belong to `owner`.
    async fn new() -> Self {
        let (clock, randomness) = (Arc::<ManualClock>::default(), Arc::<SeededRandomness>::default());
        let somebody = || {
            let identity = Identity {
                user: UserId::new(&*clock, &*randomness),
                session: SessionId::new(&*clock, &*randomness),
                username: "somebody".into(),
                roles: Arc::default(),
                rights: 0,
            };
            Asker::signed_in(identity, Permissions::from_iter(["get:companies"]))
        };
        let (owner, other, store) = (somebody(), somebody(), Arc::<InMemoryCompanies>::default());
        assert!(seed(&*store, owner.user().unwrap(), &*clock, &*randomness).await.unwrap());
        Self { store, clock, randomness, owner, other }
    }

    async fn ask(&self, asker: &Asker, question: &str, max_results: u16) -> Vec<ResultItem> {
        let request =
            SkillRequest { question: question.into(), max_results, asker: asker.clone(), skill_args: None };
        CompaniesSkill::new(self.store.clone()).answer(&request).await.unwrap()
    }

    async fn say(&self, asker: &Asker, question: &str) -> String {
        text(&self.ask(asker, question, 20).await)
    }

    async fn enter(&self, asker: &Asker, name: &str) {
        let companies = Companies::new(self.store.clone(), self.clock.clone(), self.randomness.clone());
        let text = |text: &str| Some(text.to_owned());
        let draft = CompanyDraft {
            company_name: text(name),
            phone: text("4711"),
            declared_billing: text("1"),
            bank_accounts: None,
        };
        companies.create(asker, draft).await.unwrap();
    }
}

fn text(items: &[ResultItem]) -> String {
    match items.first().map(|item| &item.body) {
        Some(ResultBody::PlainText(text)) => text.clone(),
        other => panic!("the first item is no sentence: {other:?}"),
    }
}

const HELP: &str = "I can tell which bank has a code, which code a bank has and, of your own companies, their phone numbers, \
                    bank accounts and declared billing.";
const SIGN_IN: &str =
    "I tell of companies to those only whose companies they are; sign in to ask about yours.";

#[tokio::test]
async fn anybody_is_told_of_banks() {
    let scene = Scene::new().await;
    for (question, answer) in [
        ("Which bank is 001?", "The bank with the code 001 is Banco do Brasil."),
        ("which bank has the code 1", "The bank with the code 001 is Banco do Brasil."),
        ("What bank is 33?", "The bank with the code 033 is Santander."),
        ("341", "The bank with the code 341 is Itaú Unibanco."),
        ("What is the code of Bradesco?", "The code of Bradesco is 237."),
        ("what is the CODE of BRADSCO", "The code of Bradesco is 237."),
        ("Bradesco", "The code of Bradesco is 237."),
        ("Which code has the bank Itau?", "The code of Itaú Unibanco is 341."),
        (
            "codes of santander and caixa",
            "The code of Santander is 033. The code of Caixa Econômica Federal is 104.",
        ),
        ("Which bank is 999?", "I know of no bank with the code 999."),
        ("What is the code of Zorn?", "I know of no bank called “Zorn”."),
        ("Which bank is Zorn Bank & Sons?", "I know of no bank called “Zorn Bank & Sons”."),
        ("What is the capital of France?", HELP),
        ("Who played in 237?", HELP),
        ("?!", HELP),
    ] {
        for asker in [&Asker::default(), &scene.owner] {
            assert_eq!(scene.say(asker, question).await, answer, "{question}");
        }
    }
}

#[tokio::test]
async fn an_owner_is_told_of_their_companies() {
    let scene = Scene::new().await;
    for (question, answer) in [
        ("What is the phone of Padaria Aurora?", "The phone number of Padaria Aurora is 551155550110."),
        (
            "what is the telephone number of PADARIA AURRORA",
            "The phone number of Padaria Aurora is 551155550110.",
        ),
        ("How can I reach estudio mare?", "The phone number of Estúdio Maré is 558155550163."),
        (
            "Which bank accounts has Padaria Aurora?",
            "Padaria Aurora has an account at Banco do Brasil (agency 0042-8, number 12345-6) and an account at Bradesco \
             (agency 1207, number 70231-4).",
        ),
        (
            "Which banks does Oficina Bandeirante use?",
            "Oficina Bandeirante has an account at Itaú Unibanco (agency 0815, number 33871-0).",
        ),
        ("Which accounts has the company Estúdio Maré", "Estúdio Maré has no bank account."),
        (
            "What is the declared billing of Livraria Horizonte?",
            "The declared billing of Livraria Horizonte is 41275.35.",
        ),
        (
            "Estúdio Maré",
            "Estúdio Maré has the phone number 558155550163, a declared billing of 0.00 and no bank account.",
        ),
        (
            "What are the phones of Padaria Aurora and Oficina Bandeirante?",
            "The phone number of Padaria Aurora is 551155550110. The phone number of Oficina Bandeirante is 552155550134.",
        ),
        ("What is the phone of Zorn Ltd?", "You have no company called “Zorn Ltd”."),
        ("What is the phone of Bradesco?", "You have no company called “Bradesco”."),
    ] {
        assert_eq!(scene.say(&scene.owner, question).await, answer, "{question}");
    }
    let own = scene.say(&scene.owner, "What is the phone of my companies?").await;
    assert_eq!(own.matches("The phone number of ").count(), 4, "{own}");
}

#[tokio::test]
async fn nobody_else_learns_that_there_is_such_a_company() {
    let scene = Scene::new().await;
    for (known, unknown) in [
        ("What is the phone of Padaria Aurora?", "What is the phone of Zadaria Zurora?"),
        ("Which bank accounts has Padaria Aurora?", "Which bank accounts has Zadaria Zurora?"),
        ("Which banks does Padaria Aurora use?", "Which banks does Zadaria Zurora use?"),
        (
            "What is the declared billing of Padaria Aurora?",
            "What is the declared billing of Zadaria Zurora?",
        ),
        ("What is the code of Padaria Aurora?", "What is the code of Zadaria Zurora?"),
        ("Tell me about the company Padaria Aurora", "Tell me about the company Zadaria Zurora"),
        ("Padaria Aurora", "Zadaria Zurora"),
    ] {
        // Not even a permission to see all companies opens them here.
        for asker in [&scene.other, &Asker::default()] {
            let (known, unknown) = (scene.say(asker, known).await, scene.say(asker, unknown).await);
            assert_eq!(known.replace("Padaria Aurora", "Zadaria Zurora"), unknown);
        }
    }
    let ask = async |asker: &Asker, question: &str| scene.say(asker, question).await;
    assert_eq!(ask(&Asker::default(), "What is the phone of Padaria Aurora?").await, SIGN_IN);
    assert_eq!(
        ask(&scene.other, "What is the phone of Padaria Aurora?").await,
        "You have no company called “Padaria Aurora”."
    );
    assert_eq!(ask(&Asker::default(), "What is the phone of my company?").await, SIGN_IN);
    assert_eq!(ask(&scene.other, "What is the phone of my company?").await, "You have no company here.");
    // Each hears of their own company of a name that both have.
    scene.enter(&scene.other, "Padaria Aurora").await;
    assert_eq!(
        ask(&scene.other, "What is the phone of Padaria Aurora?").await,
        "The phone number of Padaria Aurora is 4711."
    );
}

#[tokio::test]
async fn facts_follow_the_sentence_as_pairs() {
    let scene = Scene::new().await;
    let items = scene.ask(&scene.owner, "Which bank is 001?", 10).await;
    assert_eq!(items[1..], [ResultItem::pairs([("code", "001"), ("bank", "Banco do Brasil")])]);
    let items = scene.ask(&scene.owner, "Tell me about Oficina Bandeirante", 10).await;
    assert_eq!(
        items[1..],
        [
            ResultItem::pairs([
                ("company", "Oficina Bandeirante"),
                ("phone", "552155550134"),
                ("declared_billing", "96510.00")
            ]),
            ResultItem::pairs([
                ("company", "Oficina Bandeirante"),
                ("bank", "Itaú Unibanco"),
                ("code", "341"),
                ("agency", "0815"),
                ("account_number", "33871-0"),
            ]),
        ]
    );
    for max_results in [1, 2] {
        let items = scene.ask(&scene.owner, "Which bank accounts has Padaria Aurora?", max_results).await;
        assert_eq!(items.len(), usize::from(max_results));
    }
}

#[tokio::test]
async fn of_very_many_companies_the_first_are_told_of() {
    let scene = Scene::new().await;
    for number in 0..12 {
        scene.enter(&scene.other, &format!("Acme {number}")).await;
    }
    let own = scene.say(&scene.other, "What are the phone numbers of my companies?").await;
    assert_eq!(own.matches("The phone number of ").count(), 10, "{own}");
    assert!(own.ends_with("There are more, which are not listed here."), "{own}");
}
