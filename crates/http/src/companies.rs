//! The calls on companies, their bank accounts, and banks.

mod add_account;
mod body;
mod change_account;
mod create;
mod list;
mod list_banks;
mod patch;
mod remove;
mod remove_account;
mod replace;
mod show;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_companies)
        .service(create::create_company)
        .service(show::show_company)
        .service(replace::replace_company)
        .service(patch::patch_company)
        .service(remove::remove_company)
        .service(add_account::add_bank_account)
        .service(change_account::change_bank_account)
        .service(remove_account::remove_bank_account)
        .service(list_banks::list_banks);
}
