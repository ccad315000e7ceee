//! The calls of administrators on other people's accounts, and the audit log.

mod audit;
mod change_user;
mod delete_user;
mod flag;
mod own_audit;
mod roles;
mod show_user;
mod users;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(users::users)
        .service(show_user::user)
        .service(change_user::change_user)
        .service(delete_user::delete_user)
        .service(roles::roles)
        .service(audit::audit)
        .service(own_audit::own_audit);
}
