//! Rules of [`crate::ports::MfaStore`], and of [`crate::ports::SessionStore::open`] where a second factor is asked for.

mod attempts;
mod challenges;
mod recovery_codes;
mod scene;
mod switching;

pub use attempts::*;
pub use challenges::*;
pub use recovery_codes::*;
pub use switching::*;

/// Makes a test of every rule on second factors; see [`crate::testing::contract`].
#[macro_export]
macro_rules! mfa_contract {
    ($make:expr) => {
        $crate::contract_tests!(
            mfa,
            $make,
            [
                a_method_reads_back_and_counts_for_nothing_yet,
                the_next_method_takes_the_place_of_one_that_is_not_on,
                no_method_is_begun_where_one_is_on_or_nobody_is_there,
                verifying_uses_the_step_and_gives_the_codes,
                only_a_method_that_is_verified_is_switched_on,
                a_step_counts_only_where_it_is_later_than_all_before,
                switching_on_ends_other_sessions_and_shows_in_the_account,
                rights_change_only_with_a_role_that_asks_for_it,
                switching_off_forgets_everything,
                no_session_is_opened_past_the_second_factor,
                a_challenge_passes_for_its_account_and_once,
                a_wrong_step_leaves_the_challenge_good,
                an_expired_challenge_is_no_good,
                one_of_many_passes_a_challenge,
                one_of_many_uses_a_step,
                a_recovery_code_passes_once,
                a_recovery_code_is_good_for_its_account_only,
                a_recovery_code_is_found_by_each_digest_that_it_may_have,
                who_counts_wrong_uses_no_code,
                one_of_many_uses_a_recovery_code,
                of_many_that_use_different_codes_each_counts_right,
                new_codes_take_the_place_of_the_old,
                no_more_attempts_than_allowed_are_counted,
                many_attempts_at_once_are_no_more_than_allowed,
                attempts_are_counted_for_each_account_and_kind,
                an_attempt_that_succeeds_is_given_back,
                many_attempts_at_a_challenge_are_no_more_than_it_allows,
            ]
        );
    };
}
