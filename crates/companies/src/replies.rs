//! The sentences of the answers, each followed by its facts as pairs.

use crate::intent::Fact;
use crate::model::{Bank, BankAccount, BankCode, Company};
use square_skills::ResultItem;

type Items = Vec<ResultItem>;

pub(crate) fn what_can_be_asked() -> Items {
    vec![ResultItem::text(
        "I can tell which bank has a code, which code a bank has and, of your own companies, their phone numbers, bank accounts \
         and declared billing.",
    )]
}

pub(crate) fn sign_in() -> Items {
    vec![ResultItem::text(
        "I tell of companies to those only whose companies they are; sign in to ask about yours.",
    )]
}

pub(crate) fn unknown_code(code: BankCode) -> Items {
    vec![ResultItem::text(format!("I know of no bank with the code {code}."))]
}

pub(crate) fn unknown_bank(name: &str) -> Items {
    vec![ResultItem::text(format!("I know of no bank called “{name}”."))]
}

pub(crate) fn unknown_company(name: &str) -> Items {
    vec![ResultItem::text(format!("You have no company called “{name}”."))]
}

pub(crate) fn no_companies() -> Items {
    vec![ResultItem::text("You have no company here.")]
}

pub(crate) fn bank_of_code(bank: &Bank) -> Items {
    let sentence = format!("The bank with the code {} is {}.", bank.code, bank.name);
    vec![ResultItem::text(sentence), facts_of_bank(bank)]
}

pub(crate) fn codes(banks: &[Bank]) -> Items {
    let sentence = |bank: &Bank| format!("The code of {} is {}.", bank.name, bank.code);
    with_facts(banks.iter().map(sentence), banks.iter().map(facts_of_bank))
}

fn facts_of_bank(bank: &Bank) -> ResultItem {
    ResultItem::pairs([("code", bank.code.to_string()), ("bank", bank.name.to_string())])
}

/// What is wanted of companies; `more` says that there are others, which are not told of.
pub(crate) fn companies(companies: &[Company], fact: Fact, more: bool) -> Items {
    let mut sentences: Vec<String> = companies.iter().map(|company| sentence(company, fact)).collect();
    if more {
        sentences.push("There are more, which are not listed here.".to_owned());
    }
    with_facts(sentences, companies.iter().flat_map(|company| facts(company, fact)))
}

fn sentence(company: &Company, fact: Fact) -> String {
    let (name, phone, billing) = (&company.name, company.phone.as_str(), company.billing);
    match fact {
        Fact::Phone => format!("The phone number of {name} is {phone}."),
        Fact::Billing => format!("The declared billing of {name} is {billing}."),
        Fact::Accounts => match accounts(company) {
            Some(accounts) => format!("{name} has {accounts}."),
            None => format!("{name} has no bank account."),
        },
        Fact::Everything => {
            let accounts = accounts(company).unwrap_or_else(|| "no bank account".to_owned());
            format!("{name} has the phone number {phone}, a declared billing of {billing} and {accounts}.")
        }
    }
}

/// Most accounts a sentence lists one by one.
const LISTED: usize = 5;

/// "an account at a, an account at b and 2 more accounts"; `None` for none.
fn accounts(company: &Company) -> Option<String> {
    let account = |account: &BankAccount| {
        let BankAccount { agency, number, bank, .. } = account;
        format!("an account at {} (agency {}, number {})", bank.name, agency.as_str(), number.as_str())
    };
    let mut listed: Vec<String> = company.accounts.iter().take(LISTED).map(account).collect();
    match company.accounts.len().saturating_sub(LISTED) {
        0 => {}
        1 => listed.push("one more account".to_owned()),
        more => listed.push(format!("{more} more accounts")),
    }
    let last = listed.pop()?;
    Some(if listed.is_empty() { last } else { format!("{} and {last}", listed.join(", ")) })
}

fn facts(company: &Company, fact: Fact) -> Vec<ResultItem> {
    let name = ("company", company.name.to_string());
    let phone = ("phone", company.phone.as_str().to_owned());
    let billing = ("declared_billing", company.billing.to_string());
    let accounts = company.accounts.iter().map(|account| {
        ResultItem::pairs([
            name.clone(),
            ("bank", account.bank.name.to_string()),
            ("code", account.bank.code.to_string()),
            ("agency", account.agency.as_str().to_owned()),
            ("account_number", account.number.as_str().to_owned()),
        ])
    });
    match fact {
        Fact::Phone => vec![ResultItem::pairs([name, phone])],
        Fact::Billing => vec![ResultItem::pairs([name, billing])],
        Fact::Accounts => accounts.collect(),
        Fact::Everything => {
            std::iter::once(ResultItem::pairs([name.clone(), phone, billing])).chain(accounts).collect()
        }
    }
}

fn with_facts(
    sentences: impl IntoIterator<Item = String>,
    facts: impl IntoIterator<Item = ResultItem>,
) -> Items {
    let sentence = sentences.into_iter().collect::<Vec<_>>().join(" ");
    std::iter::once(ResultItem::text(sentence)).chain(facts).collect()
}
