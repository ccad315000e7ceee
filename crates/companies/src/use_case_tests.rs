use crate::testing::{InMemoryCompanies, known_bank};
use crate::{AccountDraft, BankAccount, Companies, Company, CompanyDraft, CompanyError, DeclaredBilling};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Asker, FieldError, Identity, Invalid, Page, Permissions, SessionId, UserId};
use std::sync::Arc;

struct Scene {
    companies: Companies,
    clock: Arc<ManualClock>,
    randomness: Arc<SeededRandomness>,
}

impl Scene {
    fn new() -> Self {
        let (clock, randomness) = (Arc::<ManualClock>::default(), Arc::<SeededRandomness>::default());
        let store = Arc::<InMemoryCompanies>::default();
        Self { companies: Companies::new(store, clock.clone(), randomness.clone()), clock, randomness }
    }

    fn somebody(&self, permissions: &[&str]) -> Asker {
        let identity = Identity {
            user: UserId::new(&*self.clock, &*self.randomness),
            session: SessionId::new(&*self.clock, &*self.randomness),
            username: "somebody".into(),
            roles: Arc::default(),
            rights: 0,
        };
        Asker::signed_in(identity, permissions.iter().copied().collect::<Permissions>())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "drafts are made of such")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn account(bank: &str, agency: &str, number: &str) -> AccountDraft {
    AccountDraft { agency: some(agency), account_number: some(number), bank_code: some(bank) }
}

fn acme(accounts: Vec<AccountDraft>) -> CompanyDraft {
    CompanyDraft {
        company_name: some("Acme"),
        phone: some("551155550100"),
        declared_billing: some("1234.50"),
        bank_accounts: Some(accounts),
    }
}

fn faults<T: std::fmt::Debug>(result: Result<T, CompanyError>) -> Vec<String> {
    match result {
        Err(CompanyError::Invalid(Invalid(faults))) => {
            faults.into_iter().map(|FieldError { field, message }| format!("{field} {message}")).collect()
        }
        other => panic!("no fields are at fault: {other:?}"),
    }
}

fn shown(accounts: &[BankAccount]) -> Vec<String> {
    let shown = |account: &BankAccount| {
        format!("{} {} {}", account.bank.code, account.agency.as_str(), account.number.as_str())
    };
    accounts.iter().map(shown).collect()
}

#[tokio::test]
async fn a_company_is_entered_with_its_accounts_in_order() {
    let (scene, accounts) =
        (Scene::new(), vec![account("341", "3", "3"), account("001", "1", "1"), account("237", "2", "2x")]);
    let ada = scene.somebody(&[]);
    let company = scene.companies.create(&ada, acme(accounts)).await.unwrap();
    assert_eq!(Some(company.owner), ada.user());
    assert_eq!((company.name.as_str(), company.billing), ("Acme", DeclaredBilling::parse("1234.5").unwrap()));
    assert_eq!(shown(&company.accounts), ["341 3 3", "001 1 1", "237 2 2X"]);
    assert_eq!(company.accounts[0].bank, known_bank("341"));
    assert!(company.accounts.is_sorted_by_key(|account| account.id));
    assert_eq!(scene.companies.show(&ada, company.id).await.unwrap(), company);
}

#[tokio::test]
async fn all_fields_at_fault_are_named_at_once() {
    let scene = Scene::new();
    let ada = scene.somebody(&[]);
    let draft = CompanyDraft {
        company_name: some(&"x".repeat(81)),
        phone: some("+55"),
        declared_billing: some("1.234"),
        bank_accounts: Some(vec![
            account("001", "1", "1"),
            account("999", "2", ""),
            AccountDraft { bank_code: some("1"), ..AccountDraft::default() },
        ]),
    };
    let expected = [
        "company_name must have at most 80 characters",
        "phone must have digits only",
        "declared_billing must have at most 2 digits behind the point",
        "bank_accounts[1].account_number must not be empty",
        "bank_accounts[2].agency must not be empty",
        "bank_accounts[2].account_number must not be empty",
        "bank_accounts[2].bank.code must have three digits",
        "bank_accounts[1].bank.code is not the code of a bank that is known here",
    ];
    assert_eq!(faults(scene.companies.create(&ada, draft).await), expected);
    let expected =
        ["company_name must not be empty", "phone must not be empty", "declared_billing must not be empty"];
    assert_eq!(faults(scene.companies.create(&ada, CompanyDraft::default()).await), expected);
    let four = (0..4).map(|number| account("001", "1", &number.to_string())).collect();
    assert_eq!(
        faults(scene.companies.create(&ada, acme(four)).await),
        ["bank_accounts must have at most 3 entries"]
    );
    let company = scene.companies.create(&ada, acme(Vec::new())).await.unwrap();
    let added = scene.companies.add_account(&ada, company.id, account("999", "1", "")).await;
    let expected =
        ["account_number must not be empty", "bank.code is not the code of a bank that is known here"];
    assert_eq!(faults(added), expected);
}

#[tokio::test]
async fn a_second_account_alike_is_refused() {
    let scene = Scene::new();
    let (ada, bob) = (scene.somebody(&[]), scene.somebody(&[]));
    let taken = |result: Result<_, CompanyError>| match result {
        Err(CompanyError::AccountTaken(field)) => field,
        other => panic!("not taken: {other:?}"),
    };
    let twice = vec![account("001", "1", "1x"), account("001", "1", "2"), account("001", " 1 ", "1X")];
    assert_eq!(taken(scene.companies.create(&ada, acme(twice)).await.map(drop)), "bank_accounts[2]");
    let acme_of_ada = scene.companies.create(&ada, acme(vec![account("001", "1", "1")])).await.unwrap();
    let also = vec![account("001", "1", "2"), account("001", "1", "1")];
    assert_eq!(taken(scene.companies.create(&bob, acme(also)).await.map(drop)), "bank_accounts[1]");
    let own = scene.companies.add_account(&ada, acme_of_ada.id, account("001", "1", "1")).await;
    assert_eq!(taken(own.map(drop)), "account_number");
    let second = scene.companies.add_account(&ada, acme_of_ada.id, account("001", "1", "2")).await.unwrap();
    let changed = scene.companies.change_account(&ada, second.id, account("001", "1", "1")).await;
    assert_eq!(taken(changed.map(drop)), "account_number");
}

#[tokio::test]
async fn to_others_there_is_no_such_company() {
    let scene = Scene::new();
    let (ada, bob) = (scene.somebody(&[]), scene.somebody(&["get:movies", "patch:events"]));
    let company = scene.companies.create(&ada, acme(vec![account("001", "1", "1")])).await.unwrap();
    let (id, of_account, companies) = (company.id, company.accounts[0].id, &scene.companies);
    let nobody = Asker::default();
    let wrong = CompanyDraft::default();
    for (asker, unknown) in [(&bob, true), (&nobody, false)] {
        for outcome in [
            companies.show(asker, id).await.map(drop),
            companies.replace(asker, id, wrong.clone()).await.map(drop),
            companies.patch(asker, id, wrong.clone()).await.map(drop),
            companies.remove(asker, id).await.map(drop),
            companies.add_account(asker, id, AccountDraft::default()).await.map(drop),
        ] {
            match outcome {
                Err(CompanyError::NotFound) => assert!(unknown),
                Err(CompanyError::SignInRequired) => assert!(!unknown),
                other => panic!("{other:?}"),
            }
        }
        for outcome in [
            companies.change_account(asker, of_account, AccountDraft::default()).await.map(drop),
            companies.remove_account(asker, of_account).await.map(drop),
        ] {
            match outcome {
                Err(CompanyError::AccountNotFound) => assert!(unknown),
                Err(CompanyError::SignInRequired) => assert!(!unknown),
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(companies.list(&bob, Page::default()).await.unwrap().items.is_empty());
    assert!(matches!(companies.list(&nobody, Page::default()).await, Err(CompanyError::SignInRequired)));
    assert_eq!(companies.show(&ada, id).await.unwrap(), company);
}

#[tokio::test]
async fn each_permission_opens_what_it_names_and_no_more() {
    let scene = Scene::new();
    let ada = scene.somebody(&[]);
    let company = scene.companies.create(&ada, acme(vec![account("001", "1", "1")])).await.unwrap();
    let (id, of_account, companies) = (company.id, company.accounts[0].id, &scene.companies);
    let found = |outcome: Result<(), CompanyError>| match outcome {
        Ok(()) => true,
        Err(CompanyError::NotFound | CompanyError::AccountNotFound) => false,
        other => panic!("{other:?}"),
    };
    for (permission, seen, changed) in
        [("get:companies", true, false), ("patch:companies", false, true), ("delete:companies", false, false)]
    {
        let admin = scene.somebody(&[permission]);
        assert_eq!(found(companies.show(&admin, id).await.map(drop)), seen);
        assert_eq!(companies.list(&admin, Page::default()).await.unwrap().items.len(), usize::from(seen));
        let draft = CompanyDraft { phone: some("1"), ..CompanyDraft::default() };
        assert_eq!(found(companies.patch(&admin, id, draft).await.map(drop)), changed);
        let again = companies.change_account(&admin, of_account, account("001", "1", "1")).await;
        assert_eq!(found(again.map(drop)), changed);
        assert_eq!(found(companies.remove(&admin, id).await.map(drop)), permission == "delete:companies");
    }
    // It stayed its owner's all along.
    let again = companies.create(&ada, acme(vec![account("001", "1", "1")])).await.unwrap();
    let admin = scene.somebody(&["patch:companies"]);
    companies.patch(&admin, again.id, CompanyDraft::default()).await.unwrap();
    assert_eq!(companies.show(&ada, again.id).await.unwrap(), again);
}

#[tokio::test]
async fn a_replacement_keeps_accounts_that_it_does_not_name_or_names_again() {
    let scene = Scene::new();
    let ada = scene.somebody(&[]);
    let company = scene
        .companies
        .create(&ada, acme(vec![account("001", "1", "1"), account("237", "1", "1")]))
        .await
        .unwrap();
    let missing = CompanyDraft { phone: None, ..acme(Vec::new()) };
    assert_eq!(faults(scene.companies.replace(&ada, company.id, missing).await), ["phone must not be empty"]);
    let without = CompanyDraft { company_name: some("Zorn"), bank_accounts: None, ..acme(Vec::new()) };
    let replaced = scene.companies.replace(&ada, company.id, without).await.unwrap();
    assert_eq!(replaced, Company { name: replaced.name.clone(), ..company.clone() });
    assert_eq!(replaced.name.as_str(), "Zorn");
    let named = acme(vec![account("341", "1", "1"), account("237", "1", "1")]);
    let replaced = scene.companies.replace(&ada, company.id, named).await.unwrap();
    assert_eq!(shown(&replaced.accounts), ["237 1 1", "341 1 1"]);
    assert_eq!(replaced.accounts[0], company.accounts[1]);
}

#[tokio::test]
async fn accounts_are_added_up_to_a_bound() {
    let scene = Scene::new();
    let ada = scene.somebody(&[]);
    let company = scene.companies.create(&ada, acme(Vec::new())).await.unwrap();
    for number in 0..Company::MOST_ACCOUNTS {
        scene
            .companies
            .add_account(&ada, company.id, account("001", "1", &number.to_string()))
            .await
            .unwrap();
    }
    let more = scene.companies.add_account(&ada, company.id, account("001", "2", "1")).await;
    assert!(matches!(more, Err(CompanyError::TooManyAccounts)), "{more:?}");
    let patch = |count: usize| CompanyDraft {
        bank_accounts: Some((0..count).map(|number| account("033", "1", &number.to_string())).collect()),
        ..CompanyDraft::default()
    };
    let many = scene.companies.patch(&ada, company.id, patch(Company::MOST_ACCOUNTS + 1)).await;
    assert_eq!(faults(many), ["bank_accounts must have at most 50 entries"]);
    let most = scene.companies.patch(&ada, company.id, patch(Company::MOST_ACCOUNTS)).await.unwrap();
    assert_eq!(most.accounts.len(), Company::MOST_ACCOUNTS);
}
