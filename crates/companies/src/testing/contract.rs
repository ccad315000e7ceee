//! What every [`CompanyStore`] has to do: one function a rule, each over a store without companies.

use super::known_bank;
use crate::billing::DeclaredBilling;
use crate::model::{
    AccountNumber, Agency, BankAccount, BankAccountId, BankCode, Company, CompanyId, CompanyName, Phone,
};
use crate::ports::{BankFilter, CompanyChange, CompanyStore, FOUND_AT_MOST, Written};
use jiff::{SignedDuration, Timestamp};
use square_kernel::testing::{ManualClock, SeededRandomness};
use square_kernel::{Clock, Limit, Page, UserId};
use square_naming::{Matching, NameKey};
use std::sync::Arc;

mod changing;
mod finding;

pub use changing::*;
pub use finding::*;

/// What a rule plays on.
#[derive(Clone)]
pub struct Stage {
    /// A store without companies, but with the well-known banks.
    pub store: Arc<dyn CompanyStore>,
    /// Somebody whom the store takes as an owner.
    pub owner: UserId,
    /// Somebody else.
    pub other: UserId,
}

/// Makes a test of every rule. The argument is an async expression that gives `(Stage, guard)`; the guard (a
/// temporary folder, say) is held while the rule runs.
#[macro_export]
macro_rules! company_store_contract {
    ($make:expr) => {
        $crate::company_store_contract!(@each $make;
            a_company_reads_back_whole
            every_amount_comes_back_to_the_cent
            companies_come_page_by_page_to_their_owner
            companies_are_found_by_name_for_their_owner_only
            look_ups_are_bounded
            banks_are_listed_by_code
            banks_are_found_by_each_of_their_names
            a_change_keeps_what_it_leaves_out
            changes_at_once_are_all_kept
            accounts_that_are_named_again_stay
            an_account_is_nobody_elses
            an_account_that_is_taken_leaves_nothing_behind
            of_many_alike_at_once_one_is_stored
            of_many_companies_with_one_account_one_is_stored
            a_company_has_no_more_accounts_than_it_may
            accounts_are_changed_and_removed
            what_is_gone_is_gone
            only_an_owner_without_companies_is_given_any
            one_of_several_fillings_is_stored
        );
    };
    (@each $make:expr; $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $rule() {
                let (stage, _guard) = $make.await;
                $crate::testing::contract::$rule(&stage).await;
            }
        )*
    };
}

const WORKS: &str = "the store works";

struct Maker {
    clock: ManualClock,
    randomness: SeededRandomness,
    owner: UserId,
}

impl Maker {
    fn new(stage: &Stage) -> Self {
        Self { clock: ManualClock::default(), randomness: SeededRandomness::default(), owner: stage.owner }
    }

    fn company(&self, name: &str, accounts: Vec<BankAccount>) -> Company {
        self.clock.advance(SignedDuration::from_millis(1));
        Company {
            id: CompanyId::new(&self.clock, &self.randomness),
            owner: self.owner,
            name: CompanyName::parse(name).expect("a name"),
            phone: Phone::parse("551155550100").expect("a number"),
            billing: DeclaredBilling::from_cents(123_450).expect("an amount"),
            accounts,
            created_at: self.clock.now(),
        }
    }

    fn account(&self, bank: &str, agency: &str, number: &str) -> BankAccount {
        self.clock.advance(SignedDuration::from_millis(1));
        BankAccount {
            id: BankAccountId::new(&self.clock, &self.randomness),
            agency: Agency::parse(agency).expect("an agency"),
            number: AccountNumber::parse(number).expect("a number"),
            bank: known_bank(bank),
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

async fn insert(stage: &Stage, company: &Company) {
    assert_eq!(stage.store.insert(company, None).await.expect(WORKS), Written::Done(()));
}

async fn stored(stage: &Stage, company: &Company) -> Company {
    stage.store.find(company.id).await.expect(WORKS).expect("it is there")
}

async fn count(stage: &Stage) -> usize {
    let page = Page { limit: Limit::new(Limit::MAX).expect("a good limit"), after: None };
    stage.store.list(None, page).await.expect(WORKS).items.len()
}
