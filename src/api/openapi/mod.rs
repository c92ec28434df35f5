//! The API's document (OpenAPI 3.1): made from the handlers themselves, so that it cannot tell of other calls than there
//! are. What all calls share is added here: ids in paths, ways to sign in, and the problems that any call may meet.
//!
//! * `problems`: which codes a call may answer with, as responses.
mod problems;
#[cfg(test)]
mod tests;

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr, Required, Server,
};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::id::{
    AccessRequestId, AttachmentId, EmergencyId, EngineerId, GrantId, MemberId, RequestId, SessionId, SupportRequestId,
    WorkspaceId,
};
use crate::problem::Problem;
use crate::request::{COOKIE_MEMBER, COOKIE_SESSION, COOKIE_STAFF};

pub(super) use problems::{
    ApprovesEmergency, AsksForAccess, AsksForHelp, DeclaresEmergency, Enters, Follows, GivesConsent, NoSuchRecord,
    NoSuchSession, NoSuchThing, Oversees, ReadsTrail, ReviewsEmergency, SaysNo, StaysLonger, TooLate, WorksOnCase,
};

/// Where the document is.
pub(super) const PATH: &str = "/.chaperone/api/openapi.json";

const ABOUT: &str = "Consent, sessions and the directory of a chaperone gate: no engineer inside a customer's account \
without the customer's consent. Times are RFC 3339 in UTC, durations like `7d` or `PT1H`. Every refusal is an \
`application/problem+json` document whose `code` is stable: docs/ERRORS.md lists them all.";

/// The groups of calls.
const TAGS: [(&str, &str); 9] = [
    (
        "directory",
        "Workspaces, members and engineers, kept current by the vendor; a change works on live sessions at once",
    ),
    ("grants", "Consent: a member lends their own login"),
    ("requests", "Engineers ask for consent, members answer"),
    ("support_requests", "Members ask for help, and thereby consent for that case; engineers take it up"),
    ("sessions", "Engineers enter and leave; members look on, and show out"),
    ("trail", "What was done, and by whom: for the customer, with proof"),
    (
        "emergencies",
        "Entry without consent: one engineer declares it, others approve it, the customer is told, another reviews it",
    ),
    ("operators", "What went on, and why"),
    ("keys", "What apps verify our assertions with"),
];

/// What a name in a path stands for.
const NAMES: [(&str, &str, &str); 9] = [
    ("workspace", "WorkspaceId", "the workspace"),
    ("member", "MemberId", "the member, in that workspace"),
    ("engineer", "EngineerId", "the engineer: the `sub` of their staff identity"),
    ("grant", "GrantId", "the grant"),
    ("access_request", "AccessRequestId", "the access request"),
    ("support_request", "SupportRequestId", "the support request: the case"),
    ("attachment", "AttachmentId", "the attachment"),
    ("session", "SessionId", "the session: its public id, not its token"),
    ("emergency", "EmergencyId", "the emergency"),
];

/// The document before any call is in it.
pub(super) fn begun() -> OpenApi {
    let info = InfoBuilder::new().title("chaperone").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT));
    let tags = TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    OpenApiBuilder::new().info(info).tags(Some(tags)).components(Some(components())).build()
}

/// The document with what all calls share, as it is served at the gate `public_url`.
pub(super) fn served(document: OpenApi, public_url: &str) -> impl IntoResponse + Clone + use<> {
    let mut document = completed(document);
    document.servers = Some(vec![Server::new(public_url)]);
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    (headers, document.to_json().unwrap_or_default())
}

/// Adds what all calls share.
fn completed(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let names: Vec<Parameter> = names(path).collect();
        for operation in operations(item) {
            operation.parameters.get_or_insert_default().splice(0..0, names.iter().cloned().map(RefOr::T));
            problems::complete(operation);
        }
    }
    document
}

/// The operations of one path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

/// The parameters that the path itself names.
fn names(path: &str) -> impl Iterator<Item = Parameter> {
    let named = |name: &&str| path.contains(&format!("{{{name}}}"));
    NAMES.iter().filter(move |(name, ..)| named(name)).map(|(name, schema, about)| {
        ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(*about))
            .schema(Some(Ref::from_schema_name(*schema)))
            .build()
    })
}

/// The ways to sign in, and the schemas that are used by what is added here.
fn components() -> Components {
    let bearer = |format: &str, about: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format(format);
        SecurityScheme::Http(scheme.description(Some(about)).build())
    };
    let cookie =
        |name: &str, about: &str| SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, about)));
    let about = "`v1,` and an HMAC in base64, as Standard Webhooks says; by the secret `tickets.secret`";
    let signature = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("webhook-signature", about)));
    ComponentsBuilder::new()
        .security_scheme("staff_jwt", bearer("JWT", "an engineer's token from the staff's identity provider"))
        .security_scheme("customer_jwt", bearer("JWT", "a member's token from the app; with `act` it never consents"))
        .security_scheme("api_key", bearer("chap_…", "an API key; the scopes that it needs are listed at each call"))
        .security_scheme("webhook_signature", signature)
        .security_scheme("session_cookie", cookie(COOKIE_SESSION, "names a support session; it authenticates nobody"))
        .security_scheme("staff_cookie", cookie(COOKIE_STAFF, "an engineer who signed in at our own pages"))
        .security_scheme("member_cookie", cookie(COOKIE_MEMBER, "a member who came to our own pages from the app"))
        .schema(Problem::name(), Problem::schema())
        .schema(RequestId::name(), RequestId::schema())
        .schema(WorkspaceId::name(), WorkspaceId::schema())
        .schema(MemberId::name(), MemberId::schema())
        .schema(EngineerId::name(), EngineerId::schema())
        .schema(GrantId::name(), GrantId::schema())
        .schema(AccessRequestId::name(), AccessRequestId::schema())
        .schema(EmergencyId::name(), EmergencyId::schema())
        .schema(SessionId::name(), SessionId::schema())
        .schema(SupportRequestId::name(), SupportRequestId::schema())
        .schema(AttachmentId::name(), AttachmentId::schema())
        .build()
}
