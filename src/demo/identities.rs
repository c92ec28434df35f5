//! The demo's people and the two issuers that vouch for them: staff for engineers, the app for its customers.
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::domain::member::Role;
use crate::domain::random;
use crate::domain::time::{Span, Timestamp};

/// The `aud` of every token that is meant for the gate.
pub(super) const AUDIENCE: &str = "chaperone";
/// The `iss` of customer tokens: a name, never fetched.
pub(super) const CUSTOMER_ISSUER: &str = "https://ledgerly.example";
/// How long a minted token counts.
const LIFETIME: Span = Span::from_seconds(3600);

/// One of the vendor's support staff.
#[derive(Debug)]
pub(super) struct DemoEngineer {
    /// The `sub` of their staff identity.
    pub(super) id: &'static str,
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    /// The vendor itself, or a named partner.
    pub(super) organization: &'static str,
    /// Who they are, in a sentence for the desk.
    pub(super) about: &'static str,
}

/// One of the customers' users.
#[derive(Debug)]
pub(super) struct DemoMember {
    pub(super) workspace: &'static str,
    pub(super) id: &'static str,
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    pub(super) role: Role,
    /// Who they are, in a sentence for the desk.
    pub(super) about: &'static str,
}

/// A customer's tenant as the directory describes it.
#[derive(Debug)]
pub(super) struct DemoWorkspace {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) plan: &'static str,
    pub(super) forced_sso: bool,
    pub(super) region: &'static str,
    /// Where support access stands when the demo begins, in words for the desk.
    pub(super) at_first: &'static str,
}

/// Everybody who works in support.
pub(super) const ENGINEERS: &[DemoEngineer] = &[
    DemoEngineer {
        id: "ada",
        email: "ada@support.ledgerly.example",
        name: "Ada Lindqvist",
        group: "support",
        organization: "vendor",
        about: "Support engineer at Ledgerly",
    },
    DemoEngineer {
        id: "brian",
        email: "brian@support.ledgerly.example",
        name: "Brian Okafor",
        group: "billing-support",
        organization: "vendor",
        about: "Billing support at Ledgerly",
    },
    DemoEngineer {
        id: "carol",
        email: "carol@northwind.example",
        name: "Carol Mendes",
        group: "partner-support",
        organization: "northwind",
        about: "Support engineer at Northwind, a partner",
    },
];

/// Everybody who works for a customer.
pub(super) const MEMBERS: &[DemoMember] = &[
    DemoMember {
        workspace: "acme",
        id: "olga",
        email: "olga@acme.example",
        name: "Olga Petrova",
        role: Role::Owner,
        about: "Owner of Acme Robotics",
    },
    DemoMember {
        workspace: "acme",
        id: "max",
        email: "max@acme.example",
        name: "Max Weber",
        role: Role::Member,
        about: "Works at Acme Robotics",
    },
    DemoMember {
        workspace: "globex",
        id: "gus",
        email: "gus@globex.example",
        name: "Gus Hartmann",
        role: Role::Owner,
        about: "Owner of Globex Logistics",
    },
    DemoMember {
        workspace: "initech",
        id: "ines",
        email: "ines@initech.example",
        name: "Ines Duarte",
        role: Role::Owner,
        about: "Owner of Initech Software",
    },
];

/// Every customer.
pub(super) const WORKSPACES: &[DemoWorkspace] = &[
    DemoWorkspace {
        id: "acme",
        name: "Acme Robotics",
        plan: "business",
        forced_sso: false,
        region: "eu",
        at_first: "Olga has consented to full access",
    },
    DemoWorkspace {
        id: "globex",
        name: "Globex Logistics",
        plan: "team",
        forced_sso: false,
        region: "us",
        at_first: "nobody granted anything",
    },
    DemoWorkspace {
        id: "initech",
        name: "Initech Software",
        plan: "business",
        forced_sso: true,
        region: "us",
        at_first: "forces single sign-on, which excludes support access",
    },
];

/// The engineer of that id.
pub(super) fn engineer(id: &str) -> Option<&'static DemoEngineer> {
    ENGINEERS.iter().find(|e| e.id == id)
}

/// The member of that id in that workspace.
pub(super) fn member(workspace: &str, id: &str) -> Option<&'static DemoMember> {
    MEMBERS.iter().find(|m| m.workspace == workspace && m.id == id)
}

/// Why no issuer or token can be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum IdentityError {
    /// The cryptography library made no key.
    #[error("no signing key can be made")]
    Key,
    /// The token library refused the key.
    #[error("no token can be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// One issuer: a key that lives as long as the demo, and its public half.
pub(super) struct Issuer {
    name: String,
    key: EncodingKey,
    jwk: Value,
    kid: String,
}

impl Issuer {
    /// An issuer of that name with a new Ed25519 key.
    pub(super) fn new(name: impl Into<String>) -> Result<Self, IdentityError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| IdentityError::Key)?;
        let private = pair.to_pkcs8v1().map_err(|_| IdentityError::Key)?;
        let kid = URL_SAFE_NO_PAD.encode(random::bytes::<6>());
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x});
        Ok(Self { name: name.into(), key: EncodingKey::from_ed_der(private.as_ref()), jwk, kid })
    }

    /// The public half, as a JWKS document.
    pub(super) fn jwks(&self) -> Value {
        json!({"keys": [self.jwk]})
    }

    /// Signs `claims`, which say who and what; who vouches, for whom and how long is added.
    pub(super) fn sign(&self, mut claims: Value, now: Timestamp) -> Result<String, IdentityError> {
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("iss".to_owned(), self.name.as_str().into());
            claims.entry("aud").or_insert(AUDIENCE.into());
            claims.insert("iat".to_owned(), now.as_seconds().into());
            claims.insert("exp".to_owned(), now.plus(LIFETIME).as_seconds().into());
            claims.insert("jti".to_owned(), random::uuid_v7(now).to_string().into());
        }
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, &claims, &self.key)?)
    }
}

/// What a staff token says of `engineer`.
fn about(engineer: &DemoEngineer) -> Value {
    json!({
        "sub": engineer.id, "email": engineer.email, "name": engineer.name,
        "groups": [engineer.group], "org": engineer.organization,
    })
}

/// Both issuers of the demo.
pub(super) struct Issuers {
    /// Vouches for engineers, as the vendor's identity provider would.
    pub(super) staff: Issuer,
    /// Vouches for members, as the app itself does.
    pub(super) customers: Issuer,
}

impl Issuers {
    /// Makes both, with new keys; staff sign in at `idp`.
    pub(super) fn new(idp: &str) -> Result<Self, IdentityError> {
        Ok(Self { staff: Issuer::new(idp)?, customers: Issuer::new(CUSTOMER_ISSUER)? })
    }

    /// A staff token for `engineer`.
    pub(super) fn staff_token(&self, engineer: &DemoEngineer, now: Timestamp) -> Result<String, IdentityError> {
        self.staff.sign(about(engineer), now)
    }

    /// An ID token for `engineer`, for the one `client`; the `nonce` of the sign-in that asks for it.
    pub(super) fn id_token(
        &self,
        engineer: &DemoEngineer,
        (client, nonce): (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        let mut claims = about(engineer);
        if let Some(claims) = claims.as_object_mut() {
            claims.insert("aud".to_owned(), client.into());
            claims.insert("auth_time".to_owned(), now.as_seconds().into());
            claims.extend(nonce.map(|nonce| ("nonce".to_owned(), nonce.into())));
        }
        self.staff.sign(claims, now)
    }

    /// A customer token for `member`. `actor` is the `act` claim (RFC 8693) of somebody who acts in their login.
    pub(super) fn customer_token(
        &self,
        member: &DemoMember,
        actor: Option<Value>,
        now: Timestamp,
    ) -> Result<String, IdentityError> {
        let mut claims = json!({
            "sub": member.id, "workspace": member.workspace, "role": member.role.as_str(), "email": member.email,
        });
        if let (Some(act), Some(claims)) = (actor, claims.as_object_mut()) {
            claims.insert("act".to_owned(), act);
        }
        self.customers.sign(claims, now)
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;
    use crate::domain::time::Clock;

    fn verified(issuer: &Issuer, token: &str) -> Value {
        let keys: JwkSet = serde_json::from_value(issuer.jwks()).expect("a JWKS");
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.set_issuer(&[&issuer.name]);
        let key = DecodingKey::from_jwk(&keys.keys[0]).expect("a key");
        jsonwebtoken::decode(token, &key, &rules).expect("a genuine token").claims
    }

    #[test]
    fn an_engineers_token_verifies_under_the_staff_keys_and_lasts_an_hour() {
        let (issuers, now) = (Issuers::new("http://127.0.0.1:1").unwrap(), Clock::system().now());
        let token = issuers.staff_token(engineer("carol").unwrap(), now).unwrap();
        let claims = verified(&issuers.staff, &token);
        assert_eq!(claims["org"], "northwind");
        assert_eq!(claims["groups"], json!(["partner-support"]));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    }

    #[test]
    fn a_members_token_names_its_actor_only_when_there_is_one() {
        let (issuers, now) = (Issuers::new("http://127.0.0.1:1").unwrap(), Clock::system().now());
        let olga = member("acme", "olga").unwrap();
        let own = verified(&issuers.customers, &issuers.customer_token(olga, None, now).unwrap());
        assert_eq!((own["workspace"].as_str(), own["role"].as_str()), (Some("acme"), Some("owner")));
        assert!(own.get("act").is_none());
        let act = json!({"sub": "ada"});
        let lent = verified(&issuers.customers, &issuers.customer_token(olga, Some(act.clone()), now).unwrap());
        assert_eq!(lent["act"], act);
    }
}
