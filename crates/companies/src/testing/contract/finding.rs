//! Reading companies and banks.

use super::{
    BankCode, BankFilter, CompanyChange, DeclaredBilling, FOUND_AT_MOST, Limit, Maker, Matching, NameKey,
    Page, Stage, UserId, WORKS, Written, insert, known_bank, stored,
};

/// Every field, with its accounts, the oldest first.
pub async fn a_company_reads_back_whole(stage: &Stage) {
    let maker = Maker::new(stage);
    let accounts = vec![maker.account("237", "0001-9", "12345-x"), maker.account("001", "1", "2/3")];
    let company = maker.company("Padaria São João & Filhos 😀", accounts);
    insert(stage, &company).await;
    insert(stage, &maker.company("Other", vec![maker.account("237", "0001-9", "12345-6")])).await;
    assert_eq!(stored(stage, &company).await, company);
    let of_account = stage.store.of_account(company.accounts[1].id).await.expect(WORKS);
    assert_eq!(of_account, Some(company));
}

/// From nothing to the largest: amounts are never rounded.
pub async fn every_amount_comes_back_to_the_cent(stage: &Stage) {
    let maker = Maker::new(stage);
    let mut company = maker.company("Acme", Vec::new());
    insert(stage, &company).await;
    let mut amounts =
        vec![0, 1, 10, 99, 100, 101, 1_999_999, 999_999_999_999, 999_999_999_998, 900_719_925_474_099];
    // Those that a float of 32 or 64 bits would miss, and some more all over the range.
    amounts.retain(|&cents| cents <= DeclaredBilling::MAX.cents());
    amounts.extend((0..60).map(|step| 16_777_217_i64.wrapping_mul(step * step * 31 + 7) % 1_000_000_000_000));
    for cents in amounts {
        let billing = DeclaredBilling::from_cents(cents).expect("an amount");
        let change = CompanyChange { billing: Some(billing), ..CompanyChange::default() };
        company.billing = billing;
        let updated = stage.store.update(company.id, &change, maker.now(), None).await.expect(WORKS);
        assert_eq!(updated, Written::Done(company.clone()));
        let read = stored(stage, &company).await.billing;
        assert_eq!(DeclaredBilling::parse(&read.to_string()), Ok(billing));
    }
}

/// None is missed, none comes twice; and everybody's where no owner is named.
pub async fn companies_come_page_by_page_to_their_owner(stage: &Stage) {
    let maker = Maker::new(stage);
    let theirs = Maker { owner: stage.other, ..Maker::new(stage) };
    let mut own = Vec::new();
    for number in 0..5 {
        let accounts = vec![maker.account("001", "1", &number.to_string())];
        own.push(maker.company(&format!("Acme {number}"), accounts));
        insert(stage, &own[number]).await;
    }
    theirs.clock.advance(jiff::SignedDuration::from_hours(1));
    let other = theirs.company("Other", Vec::new());
    insert(stage, &other).await;
    own.reverse();
    assert_eq!(pages(stage, Some(stage.owner)).await, own);
    assert_eq!(pages(stage, Some(stage.other)).await, std::slice::from_ref(&other));
    own.insert(0, other);
    assert_eq!(pages(stage, None).await, own);
}

async fn pages(stage: &Stage, owner: Option<UserId>) -> Vec<super::Company> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = Page { limit: Limit::new(2).expect("a good limit"), after };
        let slice = stage.store.list(owner, page).await.expect(WORKS);
        seen.extend(slice.items);
        after = slice.next;
        if after.is_none() {
            return seen;
        }
    }
}

/// In any spelling, with one typo where that is asked for; never those of others.
pub async fn companies_are_found_by_name_for_their_owner_only(stage: &Stage) {
    let maker = Maker::new(stage);
    let theirs = Maker { owner: stage.other, ..Maker::new(stage) };
    theirs.clock.advance(jiff::SignedDuration::from_hours(1));
    let own = maker.company("The Acme Company", vec![maker.account("001", "1", "1")]);
    let second = maker.company("ACME COMPANY", Vec::new());
    let other = theirs.company("Acme Company", Vec::new());
    for company in [&own, &second, &other] {
        insert(stage, company).await;
    }
    let find = |owner, name, matching| async move {
        stage.store.named(owner, &[NameKey::of(name)], matching).await.expect(WORKS)
    };
    assert_eq!(find(stage.owner, "acme company!", Matching::Exact).await, [own.clone(), second.clone()]);
    assert_eq!(find(stage.owner, "acme compny", Matching::Exact).await, []);
    assert_eq!(find(stage.owner, "acme compny", Matching::Resembling).await, [own.clone(), second]);
    assert_eq!(find(stage.owner, "acme", Matching::Resembling).await, []);
    assert_eq!(find(stage.other, "acme company", Matching::Resembling).await, [other]);
    let nobody = UserId::new(&maker.clock, &maker.randomness);
    assert_eq!(find(nobody, "acme company", Matching::Exact).await, []);
}

/// However many are named alike, a look-up gives the first [`FOUND_AT_MOST`].
pub async fn look_ups_are_bounded(stage: &Stage) {
    let maker = Maker::new(stage);
    for _ in 0..=FOUND_AT_MOST {
        insert(stage, &maker.company("Acme", Vec::new())).await;
    }
    for matching in [Matching::Exact, Matching::Resembling] {
        let found = stage.store.named(stage.owner, &[NameKey::of("acme")], matching).await.expect(WORKS);
        assert_eq!(found.len(), usize::from(FOUND_AT_MOST), "{matching:?}");
        assert!(found.is_sorted_by_key(|company| company.id));
    }
}

/// Page by page; by code, or by a part of any of their names.
pub async fn banks_are_listed_by_code(stage: &Stage) {
    let codes = |filter: BankFilter| async move {
        let (mut codes, mut after) = (Vec::new(), None);
        loop {
            let page = Page { limit: Limit::new(3).expect("a good limit"), after };
            let slice = stage.store.banks(&filter, page).await.expect(WORKS);
            codes.extend(slice.items.iter().map(|bank| bank.code.to_string()));
            after = slice.next;
            if after.is_none() {
                return codes;
            }
        }
    };
    let all = codes(BankFilter::default()).await;
    assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    for known in ["001", "033", "104", "237", "341"] {
        assert!(all.iter().any(|code| code == known), "{known}");
    }
    let code = |code: &str| BankFilter { code: code.parse().ok(), text: None };
    assert_eq!(codes(code("237")).await, ["237"]);
    assert_eq!(codes(code("999")).await, Vec::<String>::new());
    let text = |text: &str| BankFilter { code: None, text: Some(NameKey::of(text)) };
    assert_eq!(codes(text("ANCO DO BRASI")).await, ["001"]);
    assert_eq!(codes(text("Itaú Unibanco")).await, ["341"]);
    assert_eq!(codes(text("econômica federal")).await, ["104"]);
    for nothing in ["zorn", "%", "_"] {
        assert_eq!(codes(text(nothing)).await, Vec::<String>::new(), "{nothing}");
    }
    let both = BankFilter { code: "237".parse().ok(), text: Some(NameKey::of("santander")) };
    assert_eq!(codes(both).await, Vec::<String>::new());
}

/// With the key of that name, also with a typo where that is asked for.
pub async fn banks_are_found_by_each_of_their_names(stage: &Stage) {
    let find = |names: &'static [&'static str], matching| async move {
        let keys: Vec<NameKey> = names.iter().map(|name| NameKey::of(name)).collect();
        stage.store.banks_named(&keys, matching).await.expect(WORKS)
    };
    let named = |name, code| (NameKey::of(name), known_bank(code));
    let found = find(&["banco itau", "ITAÚ", "zorn", "bradesco"], Matching::Exact).await;
    assert_eq!(found, [named("banco itau", "341"), named("bradesco", "237"), named("itau", "341")]);
    assert_eq!(find(&["bradsco"], Matching::Exact).await, []);
    assert_eq!(
        find(&["bradsco", "snatander"], Matching::Resembling).await,
        [named("bradesco", "237"), named("santander", "033")]
    );
    assert_eq!(find(&[], Matching::Exact).await, []);
    let code = |code: &str| code.parse::<BankCode>().expect("three digits");
    let found = stage.store.banks_by_code(&[code("341"), code("999"), code("001"), code("341")]).await;
    assert_eq!(found.expect(WORKS), [known_bank("001"), known_bank("341")]);
}
