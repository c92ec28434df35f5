//! What a genuine token says of its caller, as the configuration maps it.
use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::access::actor::{EngineerClaims, MemberClaims};
use crate::config::{Customers, Staff};
use crate::domain::id::Email;
use crate::domain::member::Role;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::text::Label;
use crate::domain::time::Timestamp;
use crate::identity::VerifiedJwt;

use super::error::ApiError;

/// The engineer of a token of the staff's issuer.
///
/// # Errors
/// `unauthenticated` for a claim that cannot be read or that another issuer alone may make, `chained-impersonation` when
/// somebody acts for the engineer.
pub(super) fn engineer(jwt: &VerifiedJwt, staff: &Staff) -> Result<EngineerClaims, ApiError> {
    let claims = told(jwt, staff)?;
    let mut names = std::iter::once(claims.id.as_str()).chain(claims.groups.iter().map(String::as_str));
    match names.find_map(|name| staff.partner_before(name)) {
        Some(partner) => Err(not_theirs(&format!("`{partner}:`, which only that partner's issuer says"))),
        None => Ok(claims),
    }
}

/// The engineer of a token of a partner's issuer: of that organization and no other. Their id and their groups are known
/// with the partner's name in front, so that this issuer never speaks for anybody or any group of another.
///
/// # Errors
/// The same.
pub(super) fn engineer_of_partner(jwt: &VerifiedJwt, staff: &Staff, partner: &str) -> Result<EngineerClaims, ApiError> {
    let claims = told(jwt, staff)?;
    if !claims.organization.is_empty() && claims.organization != partner {
        return Err(not_theirs("another organization than the one whose issuer made it"));
    }
    let id = format!("{partner}:{}", claims.id);
    Ok(EngineerClaims {
        id: parsed(
            "sub",
            Some(&id),
            "an id of 1 to 255 visible ASCII characters, the partner's name in front included",
        )?,
        groups: claims.groups.iter().map(|group| format!("{partner}:{group}")).collect(),
        organization: partner.to_owned(),
        ..claims
    })
}

/// The refusal of a token whose issuer may not say what it says.
fn not_theirs(named: &str) -> ApiError {
    let reason = format!("the token names {named}");
    Refusal::because(Code::Unauthenticated, reason).next("have the token's issuer correct it").into()
}

/// What the token of any issuer says of an engineer.
fn told(jwt: &VerifiedJwt, staff: &Staff) -> Result<EngineerClaims, ApiError> {
    let email = staff_email(jwt)?;
    let claims = EngineerClaims {
        id: parsed("sub", Some(&jwt.subject), "an id of 1 to 255 visible ASCII characters")?,
        name: match optional_text(jwt, "name")? {
            Some(name) => parsed::<Label>("name", Some(name), "one line of at most 200 characters")?.to_string(),
            None => email.to_string(),
        },
        email,
        groups: groups(jwt, &staff.groups_claim)?,
        organization: optional_text(jwt, &staff.organization_claim)?.unwrap_or_default().to_owned(),
        mfa_at: second_factor(jwt, staff),
        issued_at: jwt.issued_at,
        signed_by: Some(jwt.signed_by.clone()),
    };
    if jwt.acted { Err(Code::ChainedImpersonation.into()) } else { Ok(claims) }
}

/// The member of a customer token. `inside_session`: whether a support session's cookie came along.
///
/// # Errors
/// `unauthenticated` for a claim that is missing or cannot be read.
pub(crate) fn member(jwt: &VerifiedJwt, customers: &Customers, inside_session: bool) -> Result<MemberClaims, ApiError> {
    let role = Role::deserialize(jwt.claims.get(&customers.role_claim).unwrap_or(&Value::Null));
    let id = "an id of 1 to 64 letters, digits, `.`, `_` or `-`";
    Ok(MemberClaims {
        workspace: parsed(&customers.workspace_claim, jwt.text(&customers.workspace_claim), id)?,
        id: parsed("sub", Some(&jwt.subject), id)?,
        email: parsed(&customers.email_claim, jwt.text(&customers.email_claim), "an e-mail address")?,
        role: role.map_err(|_| unreadable(&customers.role_claim, "`owner`, `admin` or `member`"))?,
        issued_at: jwt.issued_at,
        impersonated: jwt.acted || inside_session,
    })
}

/// The name of a customer token that counts once.
///
/// # Errors
/// `unauthenticated` for one without.
pub(crate) fn jti(jwt: &VerifiedJwt) -> Result<Label, ApiError> {
    parsed("jti", jwt.text("jti"), "a name of at most 200 characters")
}

/// The claim `email`, or `sub` where that is an address.
fn staff_email(jwt: &VerifiedJwt) -> Result<Email, ApiError> {
    let given = optional_text(jwt, "email")?.or_else(|| Some(jwt.subject.as_str()).filter(|sub| sub.contains('@')));
    parsed("email", given, "an e-mail address")
}

/// A list of groups; a text is one group; none without the claim.
fn groups(jwt: &VerifiedJwt, name: &str) -> Result<BTreeSet<String>, ApiError> {
    match jwt.claims.get(name) {
        None | Some(Value::Null) => Some(BTreeSet::new()),
        Some(Value::String(group)) => Some(BTreeSet::from([group.clone()])),
        Some(Value::Array(groups)) => groups.iter().map(|group| group.as_str().map(str::to_owned)).collect(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => None,
    }
    .ok_or_else(|| unreadable(name, "a list of group names"))
}

/// When the engineer last proved a second factor: the time of a sign-in whose methods say so (RFC 8176, `mfa`), or whose class is
/// the one that is asked for.
fn second_factor(jwt: &VerifiedJwt, staff: &Staff) -> Option<Timestamp> {
    let by_method =
        jwt.claims.get("amr").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == "mfa"));
    let wanted = staff.sign_in.as_ref().and_then(|sign_in| sign_in.step_up_acr.as_deref());
    let by_class = wanted.is_some() && jwt.text("acr") == wanted;
    let seconds = jwt.claims.get("auth_time")?.as_i64()?;
    (by_method || by_class).then(|| Timestamp::from_millis(seconds.saturating_mul(1000)))
}

/// The text of a claim that may be absent, but not of another type.
fn optional_text<'a>(jwt: &'a VerifiedJwt, name: &str) -> Result<Option<&'a str>, ApiError> {
    match jwt.claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(unreadable(name, "a text")),
    }
}

fn parsed<T: FromStr>(name: &str, given: Option<&str>, expected: &str) -> Result<T, ApiError> {
    given.and_then(|text| text.parse().ok()).ok_or_else(|| unreadable(name, expected))
}

/// The caller learns which claim, never its value: error texts hold nothing of a token.
fn unreadable(name: &str, expected: &str) -> ApiError {
    let reason = format!("the token's claim `{name}` is missing or is not {expected}");
    Refusal::because(Code::Unauthenticated, reason).next("have the token's issuer correct it").into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use crate::config::{JwksFrom, Partner};

    use super::*;

    fn jwt(subject: &str, claims: &Value) -> VerifiedJwt {
        let claims = claims.as_object().expect("an object").clone();
        VerifiedJwt {
            subject: subject.to_owned(),
            issued_at: Timestamp::from_millis(1_000),
            expires_at: Timestamp::from_millis(60_000),
            acted: claims.contains_key("act"),
            signed_by: "thumbprint".to_owned(),
            claims,
        }
    }

    fn staff() -> Staff {
        Staff {
            issuer: "https://idp.vendor.example".to_owned(),
            audience: "chaperone".to_owned(),
            jwks: JwksFrom::Discovery,
            allowed_groups: BTreeSet::from(["support".to_owned()]),
            groups_claim: "groups".to_owned(),
            organization_claim: "org".to_owned(),
            organizations: BTreeMap::new(),
            partners: BTreeMap::new(),
            sign_in: None,
            recheck: None,
        }
    }

    fn customers() -> Customers {
        Customers {
            issuer: "https://app.example.com".to_owned(),
            audience: "chaperone".to_owned(),
            jwks: JwksFrom::Discovery,
            workspace_claim: "tenant".to_owned(),
            role_claim: "role".to_owned(),
            email_claim: "mail".to_owned(),
            token_paths: Vec::new(),
            login_url: None,
            origins: BTreeSet::new(),
        }
    }

    fn refused<T>(answer: Result<T, ApiError>) -> String {
        format!("{:?}", answer.err().expect("a refusal"))
    }

    fn olga() -> Value {
        json!({"tenant": "acme", "role": "owner", "mail": "olga@acme.example"})
    }

    #[test]
    fn an_engineer_is_who_the_staff_token_says() {
        let claims = json!({"email": "ada@vendor.example", "name": "Ada Byron", "groups": ["support", "tier-2"],
            "org": "vendor", "amr": ["pwd", "mfa"], "auth_time": 1_790_000_000});
        let ada = engineer(&jwt("ada", &claims), &staff()).expect("an engineer");
        assert_eq!(
            (ada.id.as_str(), ada.email.as_str(), ada.name.as_str()),
            ("ada", "ada@vendor.example", "Ada Byron")
        );
        assert_eq!(ada.groups, BTreeSet::from(["support".to_owned(), "tier-2".to_owned()]));
        assert_eq!(ada.organization, "vendor");
        assert_eq!(ada.mfa_at, Some(Timestamp::from_millis(1_790_000_000_000)));
    }

    #[test]
    fn what_a_staff_token_leaves_out_has_a_default() {
        let ada = engineer(&jwt("ada@vendor.example", &json!({"groups": "support"})), &staff()).expect("an engineer");
        assert_eq!((ada.email.as_str(), ada.name.as_str()), ("ada@vendor.example", "ada@vendor.example"));
        assert_eq!((ada.organization.as_str(), ada.mfa_at), ("", None));
        let told = refused(engineer(&jwt("ada", &json!({"groups": "support"})), &staff()));
        assert!(told.contains("Unauthenticated") && told.contains("claim `email`"), "{told}");
    }

    #[test]
    fn a_sign_in_without_a_second_factor_proves_none() {
        for claims in [json!({"amr": ["pwd"], "auth_time": 1}), json!({"amr": ["mfa"]}), json!({"auth_time": 1})] {
            assert_eq!(second_factor(&jwt("ada", &claims), &staff()), None, "{claims}");
        }
    }

    #[test]
    fn a_staff_claim_that_cannot_be_read_is_named_and_not_repeated() {
        for (claim, value) in [
            ("groups", json!({"hunter2": 1})),
            ("groups", json!(["support", 7, "hunter2"])),
            ("email", json!(["hunter2"])),
            ("email", json!("hunter2 hunter2")),
            ("name", json!("hunter2\u{7}hunter2")),
            ("org", json!(["hunter2"])),
        ] {
            let mut claims = json!({"email": "ada@vendor.example", "groups": ["support"]});
            claims[claim] = value;
            let told = refused(engineer(&jwt("ada", &claims), &staff()));
            assert!(told.contains("Unauthenticated") && told.contains(&format!("claim `{claim}`")), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_partners_issuer_speaks_for_its_own_engineers_and_the_staffs_for_all_others() {
        let partner = Partner {
            issuer: "https://idp.partner.example".to_owned(),
            audience: "chaperone".to_owned(),
            jwks: JwksFrom::Discovery,
        };
        let staff = Staff { partners: [("northwind".to_owned(), partner)].into(), ..staff() };
        let said = json!({"email": "ada@partner.example", "groups": ["support"]});
        let ada = engineer_of_partner(&jwt("ada", &said), &staff, "northwind").expect("an engineer");
        assert_eq!((ada.id.as_str(), ada.organization.as_str()), ("northwind:ada", "northwind"));
        assert_eq!(ada.groups, BTreeSet::from(["northwind:support".to_owned()]));
        assert_eq!(engineer(&jwt("auth0:ada", &said), &staff).expect("an engineer").id.as_str(), "auth0:ada");

        let of_vendor = json!({"email": "ada@partner.example", "org": "vendor"});
        let told = refused(engineer_of_partner(&jwt("ada", &of_vendor), &staff, "northwind"));
        assert!(told.contains("Unauthenticated") && told.contains("another organization"), "{told}");
        let in_group = json!({"email": "ada@vendor.example", "groups": ["northwind:support"]});
        for (sub, claims) in [("northwind:ada", &said), ("ada", &in_group)] {
            let told = refused(engineer(&jwt(sub, claims), &staff));
            assert!(told.contains("Unauthenticated") && told.contains("`northwind:`"), "{told}");
        }
    }

    #[test]
    fn an_engineer_in_whose_name_somebody_acts_is_refused() {
        let claims = json!({"email": "ada@vendor.example", "groups": ["support"], "act": {"sub": "mallory"}});
        assert!(refused(engineer(&jwt("ada", &claims), &staff())).contains("ChainedImpersonation"));
    }

    #[test]
    fn a_member_is_who_the_customer_token_says() {
        let member = member(&jwt("olga", &olga()), &customers(), false).expect("a member");
        assert_eq!((member.workspace.as_str(), member.id.as_str()), ("acme", "olga"));
        assert_eq!((member.email.as_str(), member.role), ("olga@acme.example", Role::Owner));
        assert_eq!(member.issued_at, Timestamp::from_millis(1_000));
        assert!(!member.impersonated);
    }

    #[test]
    fn a_member_with_act_or_inside_a_session_is_impersonated() {
        let mut acted = olga();
        acted["act"] = json!({"sub": "ada"});
        for (claims, inside) in [(&acted, false), (&olga(), true), (&acted, true)] {
            assert!(member(&jwt("olga", claims), &customers(), inside).expect("a member").impersonated);
        }
    }

    #[test]
    fn a_customer_claim_that_is_missing_or_malformed_is_named() {
        for (claim, value) in [
            ("tenant", json!("a/b")),
            ("tenant", json!(7)),
            ("tenant", json!(null)),
            ("role", json!("superuser")),
            ("role", json!(["owner"])),
            ("role", json!(null)),
            ("mail", json!("")),
            ("mail", json!(null)),
        ] {
            let mut claims = olga();
            claims[claim] = value;
            let told = refused(member(&jwt("olga", &claims), &customers(), false));
            assert!(told.contains("Unauthenticated") && told.contains(&format!("claim `{claim}`")), "{told}");
        }
        let told = refused(member(&jwt("olga/7", &olga()), &customers(), false));
        assert!(told.contains("claim `sub`"), "{told}");
    }
}
