use crate::model::{Bank, BankCode, Company};
use square_naming::{Mention, Vocabulary, Wording};

/// What a name in a question stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Bank(Bank),
    Company(Company),
}

/// What somebody wants to know of companies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Phone,
    Accounts,
    Billing,
    /// All of it.
    Everything,
}

/// What a question was understood as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Which bank has a code.
    BankOf(BankCode),
    /// Which code a bank has that is named.
    CodeOf,
    /// Which code a bank has whose name is not known.
    CodeOfUnknown,
    /// Something about companies that are named.
    Named(Fact),
    /// Something about all companies of the asker.
    Own(Fact),
    /// Something about a company whose name is not known.
    OfUnknown,
    /// Something else.
    Other,
}

const PHONE: &[&str] = &["phone", "phones", "telephone", "call", "phone number", "reach"];
const BILLING: &[&str] = &["billing", "billings", "declared", "declare", "revenue", "turnover"];
/// Asking for accounts where a company is named; "which bank" alone asks for a code.
const ACCOUNTS: &[&str] =
    &["account", "accounts", "bank account", "bank accounts", "bank", "banks", "agency", "agencies"];
/// Asking for accounts where none is named.
const ACCOUNTS_OF: &[&str] = &["account", "accounts", "agency", "agencies"];
const CODE: &[&str] = &["code", "codes", "compe", "number"];
const BANK: &[&str] = &["bank", "banks", "code", "codes", "compe"];
const OWN: &[&str] = &[
    "my company",
    "my companies",
    "our company",
    "our companies",
    "companies do i",
    "companies have i",
    "my firm",
];
const COMPANY: &[&str] = &["company", "companies", "firm"];

/// The words of the cues and those that stand around names.
#[rustfmt::skip]
pub(crate) const VOCABULARY: &Vocabulary = &[
    "a", "about", "account", "accounts", "agencies", "agency", "all", "an", "and", "any", "are", "at", "bank", "banks", "be", "belong", "belongs",
    "billing", "billings", "by", "call", "called", "can", "code", "codes", "companies", "company", "compe", "could", "declare", "declared", "did",
    "do", "does", "find", "firm", "for", "from", "get", "give", "had", "has", "have", "her", "his", "how", "i", "in", "is", "it", "its",
    "know", "list", "many", "me", "much", "my", "name", "named", "names", "number", "numbers", "of", "on", "or", "our", "out", "own",
    "owns", "phone", "phones", "please", "reach", "revenue", "say", "show", "tell", "telephone", "that", "the", "their", "there",
    "these", "this", "to", "turnover", "under", "us", "use", "uses", "was", "we", "what", "whats", "where", "which", "who", "whose",
    "with", "would", "you", "your",
];

/// Understands a question by its cues and the names found in it.
pub(crate) fn read(wording: &Wording, mentions: &[Mention<Subject>]) -> Reading {
    let names = |wanted: fn(&Subject) -> bool| mentions.iter().any(|mention| wanted(&mention.means));
    let company = names(|subject| matches!(subject, Subject::Company(_)));
    let bank = names(|subject| matches!(subject, Subject::Bank(_)));
    let fact = if wording.has_any(PHONE) {
        Some(Fact::Phone)
    } else if wording.has_any(BILLING) {
        Some(Fact::Billing)
    } else if wording.has_any(if company { ACCOUNTS } else { ACCOUNTS_OF }) {
        Some(Fact::Accounts)
    } else {
        None
    };
    let own = wording.has_any(OWN);
    // A single name alone is enough to tell something, but not beside words that nobody here understands.
    let bare = wording.unknown(mentions, VOCABULARY).is_none();
    match (company, fact) {
        (true, Some(fact)) => return Reading::Named(fact),
        (true, None) if bare && !wording.has_any(CODE) => return Reading::Named(Fact::Everything),
        (false, fact) if own => return Reading::Own(fact.unwrap_or(Fact::Everything)),
        (false, Some(_)) => return Reading::OfUnknown,
        _ => {}
    }
    if let Some(code) = code_in(wording, mentions).filter(|_| !bank) {
        return Reading::BankOf(code);
    }
    match () {
        () if bank && (bare || wording.has_any(CODE)) => Reading::CodeOf,
        () if wording.has_any(BANK) && !bare => Reading::CodeOfUnknown,
        () if wording.has_any(COMPANY) && !bare => Reading::OfUnknown,
        () => Reading::Other,
    }
}

/// The code in a question about banks: up to three digits, which zeros may be missing of, or nothing but a code.
fn code_in(wording: &Wording, mentions: &[Mention<Subject>]) -> Option<BankCode> {
    let words = wording.words();
    let free = |at: usize| mentions.iter().all(|mention| !mention.at.contains(&at));
    let code = |(at, word): (usize, &&str)| {
        let digits = (1..=3).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
        (digits && free(at)).then(|| word.parse().ok().and_then(BankCode::new)).flatten()
    };
    let found = words.iter().enumerate().find_map(code)?;
    (wording.has_any(BANK) || words.len() == 1).then_some(found)
}
