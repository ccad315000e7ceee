use crate::cors::cors;
use crate::document::{self, Documented};
use crate::envelope::envelope;
use crate::settings::HttpSettings;
use crate::skills::SkillsPage;
use crate::{accounts, casting, companies, events, openai, operations, pages, questions, skills, unrouted};
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, Error};
use futures::future::BoxFuture;
use square_accounts::Accounts;
use square_casting::Casting;
use square_companies::Companies;
use square_events::Events;
use square_kernel::Unavailable;
use square_routing::{Feedback, Router};
use square_skills::{Proposals, Skills};
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

/// Tells whether requests can be served: an error names, for the log, what does not work.
pub type Readiness = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Unavailable>> + Send + Sync>;

/// What the calls call.
#[derive(Clone)]
pub struct Services {
    /// The use cases on accounts.
    pub accounts: Arc<Accounts>,
    /// The use cases on skills.
    pub skills: Arc<Skills>,
    /// The use cases on films, actors and roles.
    pub casting: Arc<Casting>,
    /// The use cases on events.
    pub events: Arc<Events>,
    /// The use cases on companies.
    pub companies: Arc<Companies>,
    /// The use cases on proposed examples.
    pub proposals: Arc<Proposals>,
    /// The use cases on questions.
    pub router: Arc<Router>,
    /// The use cases on what askers say of answers.
    pub feedback: Arc<Feedback>,
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// What the operator chose.
    pub settings: HttpSettings,
}

/// The application over its services. Cheap to clone; every worker makes its own [`HttpApi::app`] of it.
#[derive(Clone)]
pub struct HttpApi {
    state: Data<State>,
}

/// What handlers share.
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) skills_page: SkillsPage,
    pub(crate) pages: pages::Pages,
    pub(crate) documented: Documented,
}

impl HttpApi {
    /// Makes what all workers share. `also` describes the calls of other transports, as for [`openapi`].
    ///
    /// [`openapi`]: crate::openapi
    pub fn new(services: Services, also: OpenApi) -> Self {
        let HttpSettings { base_path, openai_path, .. } = &services.settings;
        let documented = Documented::new(&document::openapi(base_path, openai_path.as_deref(), also));
        let pages = pages::Pages::new(&services.settings.base_path);
        let state = State { services, skills_page: SkillsPage::default(), pages, documented };
        Self { state: Data::new(state) }
    }

    /// The application, for one worker. `extra` adds the routes of other transports, with full paths; it is called
    /// before the routes under the base path are added, so it may use paths under it.
    pub fn app(
        &self,
        extra: &dyn Fn(&mut web::ServiceConfig),
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        let settings = &self.state.services.settings;
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::clone(&self.state))
            .configure(beside)
            .map(|app| app.configure(|config| extra(config)))
            .configure(|config| like_openai(config, settings.openai_path.as_deref()))
            .service(scope(settings.base_path.as_str()).configure(under_base))
            .split_for_parts();
        app.default_service(web::to(unrouted::unrouted))
            .wrap(cors(&settings.cors_origins))
            .wrap(from_fn(envelope))
    }
}

/// The routes outside the base path.
pub(crate) fn beside(config: &mut ServiceConfig<'_>) {
    operations::routes(config);
    pages::routes(config);
}

/// The routes that are like OpenAI's, where they are wanted. They come before those under the base path, which may be empty.
pub(crate) fn like_openai(config: &mut ServiceConfig<'_>, path: Option<&str>) {
    if let Some(path) = path {
        config.service(scope(path).configure(openai::routes));
    }
}

/// The routes under the base path.
pub(crate) fn under_base(config: &mut ServiceConfig<'_>) {
    // Routes are tried one after another; the busiest come first.
    questions::routes(config);
    skills::routes(config);
    events::routes(config);
    accounts::routes(config);
    casting::routes(config);
    companies::routes(config);
}
