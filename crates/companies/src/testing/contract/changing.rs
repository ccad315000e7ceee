//! Changing companies and their accounts.

use super::{
    AccountNumber, BankAccount, BankAccountId, Company, CompanyChange, CompanyName, DeclaredBilling, Maker,
    Phone, Stage, WORKS, Written, count, insert, stored,
};

/// A name alone, then a phone alone.
pub async fn a_change_keeps_what_it_leaves_out(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut company = maker.company("Acme", vec![maker.account("001", "1", "1")]);
    insert(stage, &company).await;
    company.name = CompanyName::parse("Acme Corporation").expect("a name");
    let change = CompanyChange { name: Some(company.name.clone()), ..CompanyChange::default() };
    let updated = stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS);
    assert_eq!(updated, Written::Done(company.clone()));
    company.phone = Phone::parse("1").expect("a number");
    let change = CompanyChange { phone: Some(company.phone.clone()), ..CompanyChange::default() };
    let updated = stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS);
    assert_eq!(updated, Written::Done(company.clone()));
    let nothing = CompanyChange::default();
    let updated = stage.store.update(company.id, &nothing, maker.now(), None).await.expect(WORKS);
    assert_eq!(updated, Written::Done(company.clone()));
    assert_eq!(stored(stage, &company).await, company);
    // It is found by its new name.
    let found = stage.store.named(stage.owner, &[company.key()], square_naming::Matching::Resembling).await;
    assert_eq!(found.expect(WORKS), [company]);
}

/// Changes to different fields do not undo one another.
pub async fn changes_at_once_are_all_kept(stage: &Stage) {
    let maker = Maker::new(stage);
    let company = maker.company("Acme", Vec::new());
    insert(stage, &company).await;
    let name = CompanyName::parse("Zorn").expect("a name");
    let phone = Phone::parse("2").expect("a number");
    let billing = DeclaredBilling::MAX;
    let changes = [
        CompanyChange { name: Some(name.clone()), ..CompanyChange::default() },
        CompanyChange { phone: Some(phone.clone()), ..CompanyChange::default() },
        CompanyChange { billing: Some(billing), ..CompanyChange::default() },
    ];
    let mut calls = Vec::new();
    for change in changes {
        let (stage, id, at) = (stage.clone(), company.id, maker.now());
        calls.push(tokio::spawn(async move { stage.store.update(id, &change, at, None).await }));
    }
    for call in calls {
        assert!(matches!(call.await.expect("no panic").expect(WORKS), Written::Done(_)));
    }
    assert_eq!(stored(stage, &company).await, Company { name, phone, billing, ..company });
}

/// Accounts take the place of those there were, but what is alike keeps its identifier.
pub async fn accounts_that_are_named_again_stay(stage: &Stage) {
    let maker = Maker::new(stage);
    let (first, second) = (maker.account("001", "1", "1"), maker.account("001", "1", "2"));
    let company = maker.company("Acme", vec![first, second.clone()]);
    insert(stage, &company).await;
    let again = BankAccount { id: maker.account("001", "1", "2").id, ..second.clone() };
    let third = maker.account("341", "1", "1");
    let change = CompanyChange { accounts: Some(vec![third.clone(), again]), ..CompanyChange::default() };
    let expected = Company { accounts: vec![second, third], ..company.clone() };
    let updated = stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS);
    assert_eq!(updated, Written::Done(expected.clone()));
    assert_eq!(stored(stage, &company).await, expected);
    let none = CompanyChange { accounts: Some(Vec::new()), ..CompanyChange::default() };
    stage.store.update(company.id, &none, maker.now(), None).await.expect(WORKS);
    assert_eq!(stored(stage, &company).await.accounts, []);
}

/// Alike in agency, number and bank: taken, whosever it is. Alike in two of them: another account.
pub async fn an_account_is_nobody_elses(stage: &Stage) {
    let maker = Maker::new(stage);
    let theirs = Maker { owner: stage.other, ..Maker::new(stage) };
    theirs.clock.advance(jiff::SignedDuration::from_hours(1));
    insert(stage, &maker.company("Acme", vec![maker.account("001", "1", "1")])).await;
    for (bank, agency, number) in
        [("237", "1", "1"), ("001", "2", "1"), ("001", "1", "2"), ("001", "1", "01")]
    {
        let account = maker.account(bank, agency, number);
        insert(stage, &maker.company("Acme", vec![account])).await;
    }
    let alike =
        theirs.company("Other", vec![theirs.account("001", "9", "9"), theirs.account("001", "1", "1")]);
    let written = stage.store.insert(&alike, None).await.expect(WORKS);
    assert_eq!(written, Written::AccountTaken(1));
}

/// Neither the company, nor a change, nor the accounts beside it.
pub async fn an_account_that_is_taken_leaves_nothing_behind(stage: &Stage) {
    let maker = Maker::new(stage);
    let taken = maker.account("001", "1", "1");
    let alike = || BankAccount { id: maker.account("001", "1", "1").id, ..taken.clone() };
    insert(stage, &maker.company("Acme", vec![taken.clone()])).await;
    let company = maker.company("Zorn", vec![maker.account("001", "1", "2")]);
    insert(stage, &company).await;
    let new = maker.company("New", vec![maker.account("001", "1", "3"), alike()]);
    assert_eq!(stage.store.insert(&new, None).await.expect(WORKS), Written::AccountTaken(1));
    assert_eq!(stage.store.find(new.id).await.expect(WORKS), None);
    let change = CompanyChange {
        name: Some(CompanyName::parse("Renamed").expect("a name")),
        accounts: Some(vec![maker.account("001", "1", "4"), maker.account("001", "1", "3"), alike()]),
        ..CompanyChange::default()
    };
    let written = stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::AccountTaken(2));
    let written = stage.store.add_account(company.id, &alike(), 9, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::AccountTaken(0));
    let changed = BankAccount { id: company.accounts[0].id, ..taken };
    let written = stage.store.change_account(&changed, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::AccountTaken(0));
    assert_eq!(stored(stage, &company).await, company);
    // What stood beside it is free.
    let free = maker.account("001", "1", "3");
    let written = stage.store.add_account(company.id, &free, 9, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::Done(()));
}

/// 32 calls that add one account to as many companies.
pub async fn of_many_alike_at_once_one_is_stored(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut calls = Vec::new();
    for _ in 0..32 {
        let company = maker.company("Acme", Vec::new());
        insert(stage, &company).await;
        let (stage, account, at) = (stage.clone(), maker.account("341", "0001", "12345-6"), maker.now());
        calls.push(tokio::spawn(
            async move { stage.store.add_account(company.id, &account, 9, at, None).await },
        ));
    }
    let mut stored = 0;
    for call in calls {
        match call.await.expect("a call panicked").expect(WORKS) {
            Written::Done(()) => stored += 1,
            other => assert_eq!(other, Written::AccountTaken(0)),
        }
    }
    assert_eq!(stored, 1);
}

/// 32 calls that enter companies, each with two accounts, in the one order and in the other.
pub async fn of_many_companies_with_one_account_one_is_stored(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut calls = Vec::new();
    for number in 0..32 {
        let mut accounts = vec![maker.account("341", "1", "1"), maker.account("033", "2", "2")];
        if number % 2 == 0 {
            accounts.reverse();
        }
        let (stage, company) = (stage.clone(), maker.company("Acme", accounts));
        calls.push(tokio::spawn(async move { stage.store.insert(&company, None).await }));
    }
    let mut stored = 0;
    for call in calls {
        match call.await.expect("a call panicked").expect(WORKS) {
            Written::Done(()) => stored += 1,
            other => assert_eq!(other, Written::AccountTaken(0)),
        }
    }
    assert_eq!((stored, count(stage).await), (1, 1));
}

/// Also when many come at once.
pub async fn a_company_has_no_more_accounts_than_it_may(stage: &Stage) {
    let maker = Maker::new(stage);
    let company = maker.company("Acme", Vec::new());
    insert(stage, &company).await;
    let mut calls = Vec::new();
    for number in 0..8 {
        let (stage, id, at) = (stage.clone(), company.id, maker.now());
        let account = maker.account("104", "1", &number.to_string());
        calls.push(tokio::spawn(async move { stage.store.add_account(id, &account, 5, at, None).await }));
    }
    let mut refused = 0;
    for call in calls {
        refused += usize::from(call.await.expect("a call panicked").expect(WORKS) == Written::TooMany);
    }
    assert_eq!((refused, stored(stage, &company).await.accounts.len()), (3, 5));
}

/// Each keeps its place; an account may be changed to what it is.
pub async fn accounts_are_changed_and_removed(stage: &Stage) {
    let maker = Maker::new(stage);
    let accounts = vec![maker.account("001", "1", "1"), maker.account("001", "1", "2")];
    let mut company = maker.company("Acme", accounts);
    insert(stage, &company).await;
    let number = AccountNumber::parse("3").expect("a number");
    company.accounts[0] =
        BankAccount { id: company.accounts[0].id, number, ..maker.account("237", "7", "3") };
    for _ in 0..2 {
        let written = stage.store.change_account(&company.accounts[0], maker.now(), None).await;
        assert_eq!(written.expect(WORKS), Written::Done(()));
        assert_eq!(stored(stage, &company).await, company);
    }
    let removed = company.accounts.remove(0);
    let written = stage.store.remove_account(removed.id, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::Done(removed.clone()));
    assert_eq!(stored(stage, &company).await, company);
    let written = stage.store.remove_account(removed.id, maker.now(), None).await.expect(WORKS);
    assert_eq!(written, Written::Gone);
}

/// A company with its accounts, which are free then.
pub async fn what_is_gone_is_gone(stage: &Stage) {
    let maker = Maker::new(stage);
    let account = maker.account("001", "1", "1");
    let company = maker.company("Acme", vec![account.clone()]);
    insert(stage, &company).await;
    let deleted = stage.store.delete(company.id, maker.now(), None).await.expect(WORKS);
    assert_eq!(deleted, Written::Done(company.clone()));
    assert_eq!(stage.store.find(company.id).await.expect(WORKS), None);
    assert_eq!(stage.store.of_account(account.id).await.expect(WORKS), None);
    assert_eq!(stage.store.delete(company.id, maker.now(), None).await.expect(WORKS), Written::Gone);
    let change = CompanyChange::default();
    assert_eq!(stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS), Written::Gone);
    let free = BankAccount { id: BankAccountId::new(&maker.clock, &maker.randomness), ..account };
    let added = stage.store.add_account(company.id, &free, 9, maker.now(), None).await.expect(WORKS);
    assert_eq!(added, Written::Gone);
    assert_eq!(stage.store.change_account(&free, maker.now(), None).await.expect(WORKS), Written::Gone);
    insert(stage, &maker.company("Acme", vec![free])).await;
}

/// All of them or none.
pub async fn only_an_owner_without_companies_is_given_any(stage: &Stage) {
    let maker = Maker::new(stage);
    let theirs = Maker { owner: stage.other, ..Maker::new(stage) };
    theirs.clock.advance(jiff::SignedDuration::from_hours(1));
    let companies = [
        maker.company("Acme", vec![maker.account("001", "1", "1")]),
        maker.company("Zorn", vec![maker.account("001", "1", "2")]),
    ];
    assert!(stage.store.fill_if_none_of(stage.owner, &companies).await.expect(WORKS));
    let more = [maker.company("More", Vec::new())];
    assert!(!stage.store.fill_if_none_of(stage.owner, &more).await.expect(WORKS));
    let taken =
        [theirs.company("Free", Vec::new()), theirs.company("Taken", vec![theirs.account("001", "1", "2")])];
    assert!(!stage.store.fill_if_none_of(stage.other, &taken).await.expect(WORKS));
    assert_eq!(count(stage).await, 2);
    assert!(stage.store.fill_if_none_of(stage.other, &taken[..1]).await.expect(WORKS));
    assert_eq!(stored(stage, &companies[1]).await, companies[1]);
}

/// Also when they come at once.
pub async fn one_of_several_fillings_is_stored(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (stage, company) = (stage.clone(), maker.company("Acme", Vec::new()));
        calls.push(tokio::spawn(async move { stage.store.fill_if_none_of(company.owner, &[company]).await }));
    }
    let mut filled = 0;
    for call in calls {
        filled += usize::from(call.await.expect("a call panicked").expect(WORKS));
    }
    assert_eq!((filled, count(stage).await), (1, 1));
}
