use crate::app::{Call, Person, Reply, TestApp};
use actix_web::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};
use square_accounts::Actor;
use square_accounts::ports::LoginName;

const UNKNOWN: &str = "01932c07-1c2b-7d3e-8f4a-5b6c7d8e9fa0";

fn account(bank: &str, agency: &str, number: &str) -> Value {
    json!({"agency": agency, "account_number": number, "bank": {"code": bank}})
}

fn acme(accounts: &[Value]) -> Value {
    json!({
        "company_name": "Acme", "phone": "551155550100", "declared_billing": "1234.50", "bank_accounts": accounts
    })
}

impl TestApp {
    /// A company of `owner` with these accounts.
    async fn company(&self, owner: &Person, accounts: &[Value]) -> Value {
        let reply = self.post("/api/company/", acme(accounts)).by(owner).send().await;
        assert_eq!(reply.status, 201, "{reply}");
        self.people.clock.advance(square_kernel::jiff::SignedDuration::from_millis(1));
        reply.json()
    }

    fn put(&self, path: &str, body: &Value) -> Call<'_> {
        self.call(Method::PUT, path).json(body)
    }

    /// Somebody who may do this with the companies of others.
    async fn overseer(&self, name: &str, permissions: &[&str]) -> Person {
        let id = self.people.register(name).await.id;
        self.people.store.set_role(name, permissions);
        let login = LoginName::Username(name.to_owned());
        self.people.accounts.grant_role(&login, name, &Actor::default()).await.expect("given");
        let signed_in = self.people.sign_in(name).await;
        Person { id, token: signed_in.tokens.access.expose().to_owned() }
    }
}

fn path(company: &Value) -> String {
    format!("/api/company/{}", company["id"].as_str().unwrap())
}

fn path_of_account(company: &Value, at: usize) -> String {
    format!("/api/company/account/{}", company["bank_accounts"][at]["id"].as_str().unwrap())
}

fn fields(reply: &Reply) -> Vec<String> {
    let json = reply.json();
    let details = json["details"].as_array().unwrap_or_else(|| panic!("{reply}"));
    details.iter().map(|detail| detail["field"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_company_is_entered_with_its_accounts() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let body = acme(&[account("341", "0001-9", "12345-x"), account("001", "2", "3")]);
    let reply = app.post("/api/company/", body).by(&ada).send().await;
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    assert_snapshot!(reply, @r#"
    201
    {
      "bank_accounts": [
        {
          "account_number": "12345-X",
          "agency": "0001-9",
          "bank": {
            "code": "341",
            "name": "Itaú Unibanco"
          },
          "id": "019b76da-a800-7f45-8980-185dc406ec81"
        },
        {
          "account_number": "3",
          "agency": "2",
          "bank": {
            "code": "001",
            "name": "Banco do Brasil"
          },
          "id": "019b76da-a800-7fcd-9d7b-39a820e2f465"
        }
      ],
      "company_name": "Acme",
      "created": "2026-01-01T00:00:00Z",
      "declared_billing": "1234.50",
      "id": "019b76da-a800-7b74-a851-6a89391beaa2",
      "phone": "551155550100"
    }
    "#);
    assert_eq!(app.get(&path(&reply.json())).by(&ada).send().await.json(), reply.json());
    assert_eq!(app.get(&path(&reply.json()).replace('-', "")).by(&ada).send().await.status, 200);
    assert_eq!(app.post("/api/company/", acme(&[])).send().await.status, 401);
    let without = json!({"company_name": "A", "phone": "1", "declared_billing": 0});
    assert_eq!(app.post("/api/company/", without).by(&ada).send().await.json()["bank_accounts"], json!([]));
}

#[actix_web::test]
async fn amounts_are_taken_to_the_cent_as_numbers_and_as_texts() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let send = async |amount: &str| {
        let body = format!(r#"{{"company_name": "A", "phone": "1", "declared_billing": {amount}}}"#);
        app.call(Method::POST, "/api/company/").text("application/json", &body).by(&ada).send().await
    };
    for (amount, shown) in [
        ("1234.5", "1234.50"),
        ("0.1", "0.10"),
        ("0.29", "0.29"),
        ("9999999999.99", "9999999999.99"),
        ("1.2345e3", "1234.50"),
        ("\"4503599627.37\"", "4503599627.37"),
        ("\" 7 \"", "7.00"),
    ] {
        let reply = send(amount).await;
        assert_eq!((reply.status, &reply.json()["declared_billing"]), (201, &json!(shown)), "{amount}");
    }
    // A float of 64 bits takes the first for 1234.5 and the second for 10000000000.
    for amount in
        ["1234.5000000000000000001", "9999999999.9999999", "-1", "10000000000", "\"\"", "\"1,5\"", "null"]
    {
        let reply = send(amount).await;
        assert_eq!((reply.status, fields(&reply)), (422, vec!["declared_billing".to_owned()]), "{amount}");
    }
    for amount in ["true", "[1]", "{}"] {
        let reply = send(amount).await;
        assert_eq!((reply.status, fields(&reply)), (400, vec!["declared_billing".to_owned()]), "{amount}");
    }
}

#[actix_web::test]
async fn all_fields_at_fault_are_named_at_once() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let mut body = acme(&[account("001", "1", "1"), account("999", "", "12345678901"), json!({})]);
    body["phone"] = json!("+55 11");
    body["declared_billing"] = json!("1.234");
    assert_snapshot!(app.post("/api/company/", body).by(&ada).send().await, @r#"
    422
    {
      "code": "validation_failed",
      "details": [
        {
          "field": "phone",
          "message": "must have digits only"
        },
        {
          "field": "declared_billing",
          "message": "must have at most 2 digits behind the point"
        },
        {
          "field": "bank_accounts[1].agency",
          "message": "must not be empty"
        },
        {
          "field": "bank_accounts[1].account_number",
          "message": "must have at most 10 characters"
        },
        {
          "field": "bank_accounts[2].agency",
          "message": "must not be empty"
        },
        {
          "field": "bank_accounts[2].account_number",
          "message": "must not be empty"
        },
        {
          "field": "bank_accounts[2].bank.code",
          "message": "must have three digits"
        },
        {
          "field": "bank_accounts[1].bank.code",
          "message": "is not the code of a bank that is known here"
        }
      ],
      "error": 422,
      "message": "phone must have digits only; declared_billing must have at most 2 digits behind the point; bank_accounts[1].agency must not be empty; bank_accounts[1].account_number must have at most 10 characters; bank_accounts[2].agency must not be empty; bank_accounts[2].account_number must not be empty; bank_accounts[2].bank.code must have three digits; bank_accounts[1].bank.code is not the code of a bank that is known here",
      "msg": "phone must have digits only; declared_billing must have at most 2 digits behind the point; bank_accounts[1].agency must not be empty; bank_accounts[1].account_number must have at most 10 characters; bank_accounts[2].agency must not be empty; bank_accounts[2].account_number must not be empty; bank_accounts[2].bank.code must have three digits; bank_accounts[1].bank.code is not the code of a bank that is known here",
      "request_id": "test",
      "success": false
    }
    "#);
    let none = app.post("/api/company/", json!({})).by(&ada).send().await;
    assert_eq!(
        (none.status, fields(&none)),
        (422, vec!["company_name".into(), "phone".into(), "declared_billing".into()])
    );
    let four: Vec<Value> = (0..4).map(|number| account("001", "1", &number.to_string())).collect();
    let four = app.post("/api/company/", acme(&four)).by(&ada).send().await;
    assert_eq!((four.status, fields(&four)), (422, vec!["bank_accounts".into()]));
}

#[actix_web::test]
async fn bodies_of_the_wrong_kind_are_malformed() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let send =
        |body: &str| app.call(Method::POST, "/api/company/").text("application/json", body).by(&ada).send();
    for body in
        ["", "null", "[]", "\"x\"", "{} {}", "\u{0}", "{'a': 1}", "{\"phone\": \"1\", \"phone\": \"2\"}"]
    {
        let reply = send(body).await;
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (400, Some("malformed_request")),
            "{body} {reply}"
        );
    }
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!([400, 422].contains(&send(&deep).await.status));
    for (body, field) in [
        (r#"{"company_name": 5}"#, "company_name"),
        (r#"{"bank_accounts": {}}"#, "bank_accounts"),
        (r#"{"bank_accounts": [{}, {"bank": {"code": 1}}]}"#, "bank_accounts[1].bank.code"),
        (r#"{"bank_accounts": [{"agency": 1}]}"#, "bank_accounts[0].agency"),
    ] {
        let reply = send(body).await;
        assert_eq!((reply.status, fields(&reply)), (400, vec![field.to_owned()]), "{body}");
        assert!(!reply.text().contains(" at line "), "{reply}");
    }
    let form = app.call(Method::POST, "/api/company/").text("text/plain", "{}").by(&ada).send().await;
    assert_eq!(form.status, 415);
}

#[actix_web::test]
async fn a_second_account_alike_is_a_conflict() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let company = app.company(&ada, &[account("001", "1", "1x"), account("237", "1", "1X")]).await;
    let twice = acme(&[account("033", "1", "1"), account("033", "1", "1")]);
    for (reply, field) in [
        (app.post("/api/company/", twice).by(&ada).send().await, "bank_accounts[1]"),
        (
            app.post("/api/company/", acme(&[account("001", "1", "1X")])).by(&bob).send().await,
            "bank_accounts[0]",
        ),
        (
            app.post(&format!("{}/bank_account", path(&company)), account("237", "1", "1x"))
                .by(&ada)
                .send()
                .await,
            "account_number",
        ),
        (
            app.put(&path_of_account(&company, 0), &account("237", "1", "1x")).by(&ada).send().await,
            "account_number",
        ),
    ] {
        assert_eq!((reply.status, reply.json()["code"].as_str()), (409, Some("already_exists")), "{reply}");
        assert_eq!(fields(&reply), [field]);
    }
    // Nothing of what was refused is left.
    assert_eq!(app.get("/api/company/").by(&bob).send().await.json()["companies"], json!([]));
    assert_eq!(app.get(&path(&company)).by(&ada).send().await.json(), company);
}

#[actix_web::test]
async fn of_many_alike_at_once_one_is_taken() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let send = |number: usize| {
        let body = acme(&[account("104", "9", &format!("{number}")), account("104", "1", "1")]);
        app.post("/api/company/", body).by(&ada).send()
    };
    let replies = futures::future::join_all((0..32).map(send)).await;
    let count = |status| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(201), count(409)), (1, 31));
}

#[actix_web::test]
async fn companies_and_accounts_are_changed_and_removed() {
    let app = TestApp::new();
    let ada = app.person("ada").await;
    let company = app.company(&ada, &[account("001", "1", "1"), account("237", "1", "1")]).await;
    let place = path(&company);
    let mut expected = company.clone();
    let patched = app
        .call(Method::PATCH, &place)
        .json(&json!({"declared_billing": 7, "phone": null}))
        .by(&ada)
        .send()
        .await;
    expected["declared_billing"] = json!("7.00");
    assert_eq!((patched.status, patched.json()), (200, expected.clone()));
    // What a client was shown it can send back, changed.
    expected["company_name"] = json!("Zorn");
    let replaced = app.put(&place, &expected).by(&ada).send().await;
    assert_eq!((replaced.status, replaced.json()), (200, expected.clone()));
    let incomplete = app.put(&place, &json!({"company_name": "Zorn"})).by(&ada).send().await;
    assert_eq!(fields(&incomplete), ["phone", "declared_billing"]);
    let named = json!({"bank_accounts": [account("237", "1", "1"), account("341", "1", "1")]});
    let replaced = app.call(Method::PATCH, &place).json(&named).by(&ada).send().await.json();
    assert_eq!(replaced["bank_accounts"][0], company["bank_accounts"][1]);
    assert_eq!(replaced["bank_accounts"][1]["bank"], json!({"code": "341", "name": "Itaú Unibanco"}));

    let added = app.post(&format!("{place}/bank_account"), account("001", "1", "1")).by(&ada).send().await;
    assert_eq!((added.status, &added.json()["bank"]["name"]), (201, &json!("Banco do Brasil")), "{added}");
    let place_of_added = format!("/api/company/account/{}", added.json()["id"].as_str().unwrap());
    let changed = app.put(&place_of_added, &account("033", "5", "6")).by(&ada).send().await;
    assert_eq!((changed.status, &changed.json()["agency"]), (200, &json!("5")), "{changed}");
    assert_eq!(changed.json()["id"], added.json()["id"]);
    let removed = app.call(Method::DELETE, &place_of_added).by(&ada).send().await;
    assert_eq!((removed.status, removed.json()), (200, changed.json()));
    assert_eq!(app.call(Method::DELETE, &place_of_added).by(&ada).send().await.status, 404);
    assert_eq!(app.get(&place).by(&ada).send().await.json(), replaced);

    let removed = app.call(Method::DELETE, &place).by(&ada).send().await;
    assert_eq!((removed.status, removed.json()), (200, replaced));
    assert_eq!(app.get(&place).by(&ada).send().await.status, 404);
}

#[actix_web::test]
async fn to_others_there_is_no_such_company() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let company = app.company(&ada, &[account("001", "1", "1")]).await;
    for (place, of_account) in [
        (path(&company), path_of_account(&company, 0)),
        (format!("/api/company/{UNKNOWN}"), format!("/api/company/account/{UNKNOWN}")),
        ("/api/company/x".to_owned(), "/api/company/account/x".to_owned()),
    ] {
        let call = |method, place: &str| app.call(method, place).json(&json!({"phone": "no number"}));
        for (call, what) in [
            (call(Method::GET, &place), "company"),
            (call(Method::PUT, &place), "company"),
            (call(Method::PATCH, &place), "company"),
            (call(Method::DELETE, &place), "company"),
            (call(Method::POST, &format!("{place}/bank_account")), "company"),
            (call(Method::PUT, &of_account), "bank account"),
            (call(Method::DELETE, &of_account), "bank account"),
        ] {
            let reply = call.by(&bob).send().await;
            let message = format!("there is no such {what}");
            assert_eq!((reply.status, &reply.json()["message"]), (404, &json!(message)), "{place}");
        }
    }
    for place in [path(&company), "/api/company/".to_owned()] {
        assert_eq!(app.get(&place).send().await.status, 401);
    }
    assert_eq!(app.get("/api/company/").by(&bob).send().await.json()["companies"], json!([]));
    assert_eq!(app.get(&path(&company)).by(&ada).send().await.json(), company);
}

#[actix_web::test]
async fn who_may_see_all_sees_all_page_by_page() {
    let app = TestApp::new();
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let mut all = Vec::new();
    for owner in [&ada, &bob, &ada] {
        all.insert(0, app.company(owner, &[]).await);
    }
    let pages = async |person: &Person| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/api/company/?limit=2{cursor}")).by(person).send().await.json();
            seen.extend(page["companies"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    };
    let root = app.overseer("root", &["get:companies"]).await;
    assert_eq!(pages(&root).await, all);
    assert_eq!(pages(&ada).await, [all[0].clone(), all[2].clone()]);
    assert_eq!(app.get(&path(&all[0])).by(&root).send().await.json(), all[0]);
    assert_eq!(app.call(Method::DELETE, &path(&all[0])).by(&root).send().await.status, 404);
    let boss = app.overseer("boss", &["get:companies", "patch:companies", "delete:companies"]).await;
    let patched = app.call(Method::PATCH, &path(&all[0])).json(&json!({"phone": "1"})).by(&boss).send().await;
    assert_eq!((patched.status, &patched.json()["phone"]), (200, &json!("1")));
    assert_eq!(app.call(Method::DELETE, &path(&all[0])).by(&boss).send().await.status, 200);
    for query in ["limit=0", "limit=x", "cursor=x"] {
        assert_eq!(app.get(&format!("/api/company/?{query}")).by(&ada).send().await.status, 422, "{query}");
    }
}

#[actix_web::test]
async fn banks_are_listed_for_anybody() {
    let app = TestApp::new();
    assert_snapshot!(app.get("/api/banks?limit=2&text=BAN").send().await, @r#"
    200
    {
      "banks": [
        {
          "code": "001",
          "name": "Banco do Brasil"
        },
        {
          "code": "033",
          "name": "Santander"
        }
      ],
      "next_cursor": "033"
    }
    "#);
    let codes = async |query: &str| {
        let reply = app.get(&format!("/api/banks?{query}")).send().await.json();
        let banks = reply["banks"].as_array().unwrap().clone();
        banks.iter().map(|bank| bank["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, ["001", "033", "104", "237", "341"]);
    assert_eq!(codes("limit=2&cursor=104").await, ["237", "341"]);
    assert_eq!(codes("code=237").await, ["237"]);
    assert_eq!(codes("text=ita%C3%BA").await, ["341"]);
    assert_eq!(codes("code=237&text=itau").await, Vec::<String>::new());
    let long = format!("code=1&limit=0&text={}", "x".repeat(81));
    let reply = app.get(&format!("/api/banks?{long}")).send().await;
    assert_eq!((reply.status, fields(&reply)), (422, vec!["code".into(), "text".into(), "limit".into()]));
}
