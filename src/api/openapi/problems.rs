//! Which codes a call may answer with: what its handler lists, and what any call like it may meet.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::domain::id::RequestId;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::time::Timestamp;
use crate::problem::{Problem, meaning};

/// The member of a response that lists its codes.
const CODES: &str = "x-codes";

/// Sets of codes, as the handlers name them in `responses(…)`.
macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident: $($code:ident)+;)+) => {
        $(
            $(#[$doc])*
            pub(in crate::api) struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    told(BTreeSet::from([$(Code::$code),+])).collect()
                }
            }
        )+
    };
}

problems! {
    /// What is named in the path may not be there, or not for this caller.
    NoSuchThing: NotFound;
    /// The trail tells of no such request, or cannot be read.
    NoSuchRecord: NotFound AuditUnavailable;
    /// The cookie names no session of the caller.
    NoSuchSession: NoSession;
    /// A member reads the trail.
    ReadsTrail: NotOwner PlanRequired PolicyError NotFound AuditUnavailable;
    /// A member looks on, or shuts the door.
    Oversees: NotOwner PlanRequired PolicyError NotFound;
    /// Somebody follows what happens.
    Follows: BadRequest;
    /// A member opens the door.
    GivesConsent: ForcedSso ConsentWhileImpersonated WrongSubject NotOwner DurationTooLong DurationRequired PolicyError NotFound
        Conflict;
    /// An engineer asks a member to open the door.
    AsksForAccess: ForcedSso NotOwner DurationTooLong DurationRequired PlanRequired PolicyError NotFound Conflict;
    /// A member says no.
    SaysNo: WrongSubject NotOwner PlanRequired PolicyError NotFound Conflict;
    /// The state does not allow it any more.
    TooLate: NotFound Conflict;
    /// A member asks for help.
    AsksForHelp: ForcedSso ConsentWhileImpersonated WrongSubject NotOwner DurationTooLong DurationRequired PlanRequired
        PolicyError NotFound Conflict TooLarge UnsupportedMediaType;
    /// An engineer takes a case up, or resolves it.
    WorksOnCase: PolicyError NotFound Conflict;
    /// An engineer wants to enter.
    Enters: WrongWorkspace ForcedSso ChainedImpersonation WrongSubject NotNamed GrantMissing GrantNotYet GrantEnded
        GrantRevoked EmergencyNever EmergencyEnded SelfApproval PolicyError Conflict ChooseGrant CustomerNotTold;
    /// An engineer wants to stay.
    StaysLonger: SessionEnded SessionIdle ForcedSso ChainedImpersonation NotNamed GrantMissing GrantEnded GrantRevoked
        EmergencyNever EmergencyEnded PolicyError NotFound;
    /// An engineer declares an emergency.
    DeclaresEmergency: ForcedSso EmergencyNever EmergencyUnreviewed PolicyError NotFound Conflict;
    /// Another one approves it.
    ApprovesEmergency: ForcedSso EmergencyNever EmergencyEnded EmergencyUnreviewed SelfApproval PolicyError NotFound Conflict;
    /// Another one reviews it.
    ReviewsEmergency: SelfApproval PolicyError NotFound Conflict;
}

/// Adds to an operation what any call like it may meet.
pub(super) fn complete(operation: &mut Operation) {
    let mut codes = shared(operation);
    for response in operation.responses.responses.values() {
        codes.extend(listed(response));
    }
    operation.responses.responses.extend(told(codes));
}

fn shared(operation: &Operation) -> BTreeSet<Code> {
    let parameters = operation.parameters.iter().flatten();
    let creates = parameters.clone().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Header,
        RefOr::Ref(_) => false,
    });
    let mut codes = BTreeSet::from([Code::TooManyRequests]);
    if operation.security.is_some() {
        // What a token itself may be refused for: nobody's, for somebody else, of a workspace that is gone.
        codes.extend([Code::Unauthenticated, Code::ChainedImpersonation, Code::PolicyDenied, Code::NotFound]);
        codes.extend([Code::Internal, Code::StaleState]);
    }
    if operation.request_body.is_some() || parameters.count() > 0 {
        codes.insert(Code::BadRequest);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::TooLarge, Code::UnsupportedMediaType]);
    }
    if creates {
        codes.insert(Code::Conflict);
    }
    codes
}

/// The codes that a response lists.
fn listed(response: &RefOr<Response>) -> Vec<Code> {
    let RefOr::T(Response { extensions: Some(extensions), .. }) = response else { return Vec::new() };
    let words = extensions.get(CODES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    words.map(Code::from_word).collect()
}

/// A response for each status of these codes.
fn told(codes: BTreeSet<Code>) -> impl Iterator<Item = (String, RefOr<Response>)> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(meaning(&code).status.as_u16()).or_default().push(code);
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), response(&codes).into()))
}

fn response(codes: &[Code]) -> Response {
    let mut about: Vec<String> = codes.iter().map(|code| format!("`{code}`: {}", meaning(code).reason)).collect();
    if codes.contains(&Code::PolicyDenied) {
        about.push("or a code of the vendor's own policies".to_owned());
    }
    let words: Vec<&str> = codes.iter().map(Code::as_str).collect();
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).example(codes.first().map(example));
    ResponseBuilder::new()
        .description(about.join("\n\n"))
        .content("application/problem+json", content.build())
        .extensions(Some(ExtensionsBuilder::new().add(CODES, json!(words)).build()))
        .build()
}

/// The document that such a refusal brings.
fn example(code: &Code) -> Value {
    let problem = Problem::new(&Refusal::from(code.clone()), RequestId::mint(Timestamp::from_millis(0)));
    let mut document = serde_json::to_value(problem).unwrap_or_default();
    if let Some(id) = document.get_mut("request_id") {
        *id = json!("rq_019a6e0d1f3c7b52a4e19c0d5b7f2a61");
    }
    document
}
