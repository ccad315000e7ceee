use crate::billing::DeclaredBilling;
use crate::model::{
    AccountNumber, Agency, Bank, BankAccount, BankAccountId, BankCode, Company, CompanyId, CompanyName, Phone,
};
use square_kernel::{Clock, FieldError, Randomness, UserId};

/// Name, phone, billing, accounts by bank, agency and number.
type Sample = (&'static str, &'static str, &'static str, &'static [(u16, &'static str, &'static str)]);

const COMPANIES: &[Sample] = &[
    ("Padaria Aurora", "551155550110", "184320.50", &[(1, "0042-8", "12345-6"), (237, "1207", "70231-4")]),
    ("Oficina Bandeirante", "552155550134", "96510.00", &[(341, "0815", "33871-0")]),
    (
        "Livraria Horizonte",
        "555155550187",
        "41275.35",
        &[(104, "2210", "900815-2"), (33, "3051", "1300422"), (1, "0042-8", "98111-X")],
    ),
    ("Estúdio Maré", "558155550163", "0.00", &[]),
];

/// The codes of the banks that the sample companies have accounts at.
pub(crate) fn bank_codes() -> Vec<BankCode> {
    let accounts = COMPANIES.iter().flat_map(|(.., accounts)| *accounts);
    accounts.filter_map(|&(code, ..)| BankCode::new(code)).collect()
}

/// Made-up companies that belong to `owner`, with accounts at those of `banks` that they need; accounts at others are left
/// out. The oldest first.
pub fn sample_data(
    owner: UserId,
    banks: &[Bank],
    clock: &dyn Clock,
    randomness: &dyn Randomness,
) -> Result<Vec<Company>, FieldError> {
    let mut ids: Vec<CompanyId> = COMPANIES.iter().map(|_| CompanyId::new(clock, randomness)).collect();
    ids.sort_unstable();
    let company = |(id, &(name, phone, billing, accounts)): (CompanyId, &Sample)| {
        let mut ids: Vec<BankAccountId> =
            accounts.iter().map(|_| BankAccountId::new(clock, randomness)).collect();
        ids.sort_unstable();
        let known = ids.into_iter().zip(accounts).filter_map(|(id, &(code, agency, number))| {
            let bank = banks.iter().find(|bank| BankCode::new(code) == Some(bank.code))?;
            Some((id, bank.clone(), agency, number))
        });
        let account = |(id, bank, agency, number)| {
            Ok(BankAccount {
                id,
                agency: Agency::parse(agency)?,
                number: AccountNumber::parse(number)?,
                bank,
            })
        };
        let accounts = known.map(account).collect::<Result<Vec<_>, FieldError>>()?;
        Ok(Company {
            id,
            owner,
            name: CompanyName::parse(name)?,
            phone: Phone::parse(phone)?,
            billing: DeclaredBilling::parse(billing)?,
            accounts,
            created_at: clock.now(),
        })
    };
    ids.into_iter().zip(COMPANIES).map(company).collect()
}
