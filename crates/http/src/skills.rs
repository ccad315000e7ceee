//! The calls on skills.

mod body;
mod check;
mod list;
mod patch;
mod proposals;
mod register;
mod remove;
mod replace;
mod show;
mod signing_secret;
mod train;
mod training;
mod training_files;
mod unpublish;

pub(crate) use list::SkillsPage;

use square_skills::Listed;
use square_wire::Skill;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_skills)
        .service(register::register_skill)
        .service(show::show_skill)
        .service(replace::replace_skill)
        .service(replace::replace_skill_by_post)
        .service(patch::patch_skill)
        .service(remove::remove_skill)
        .service(train::train_skill)
        .service(training::show_training)
        .service(unpublish::unpublish_skill)
        .service(check::check_skill)
        .service(signing_secret::rotate_signing_secret)
        .configure(proposals::routes);
}

fn view(listed: &Listed) -> Skill {
    Skill::new(listed)
}
