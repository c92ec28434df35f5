//! Engineers, members, and the issuers that vouch for them.
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chaperone::domain::time::Clock;
use serde_json::{Value, json};

/// One of the vendor's support staff, or of a partner's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engineer {
    pub(crate) id: &'static str,
    pub(crate) group: &'static str,
    pub(crate) organization: &'static str,
}

/// A customer's user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) workspace: &'static str,
    pub(crate) id: &'static str,
    pub(crate) role: &'static str,
}

/// The engineers of all stories.
pub(crate) mod engineers {
    use super::Engineer;

    pub(crate) const ADA: Engineer = Engineer { id: "ada", group: "support", organization: "vendor" };
    pub(crate) const BRIAN: Engineer = Engineer { id: "brian", group: "billing-support", organization: "vendor" };
    pub(crate) const CAROL: Engineer = Engineer { id: "carol", group: "partner-support", organization: "northwind" };
}

/// The members of all stories. `acme` and `globex` are customers that know nothing of each other.
pub(crate) mod members {
    use super::Member;

    pub(crate) const OLGA: Member = Member { workspace: "acme", id: "olga", role: "owner" };
    pub(crate) const OTTO: Member = Member { workspace: "acme", id: "otto", role: "owner" };
    pub(crate) const MAX: Member = Member { workspace: "acme", id: "max", role: "member" };
    pub(crate) const GUS: Member = Member { workspace: "globex", id: "gus", role: "owner" };
    pub(crate) const ALL: [Member; 4] = [OLGA, OTTO, MAX, GUS];
}

/// Somebody who signs tokens with one key.
pub(crate) struct Issuer {
    name: &'static str,
    kid: &'static str,
    key: Key,
}

enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Issuer {
    /// Vouches for engineers, with an Ed25519 key.
    pub(crate) fn staff() -> Self {
        Self { name: "https://idp.vendor.example", kid: "k1", key: Key::Ed25519(Ed25519KeyPair::generate().unwrap()) }
    }

    /// Vouches for members, with a P-256 key.
    pub(crate) fn customers() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { name: "https://app.vendor.example", kid: "k1", key: Key::P256(key) }
    }

    /// The same, whose key has another name.
    pub(crate) fn named(self, kid: &'static str) -> Self {
        Self { kid, ..self }
    }

    /// The issuer at this address, with the key of the staff's.
    pub(crate) fn at(address: String) -> Self {
        Self { name: address.leak(), ..Self::staff() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The public half, as a JWKS document.
    pub(crate) fn jwks(&self) -> Value {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let kid = self.kid;
        let jwk = match &self.key {
            Key::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Key::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key().as_ref())})
            }
        };
        json!({"keys": [jwk]})
    }

    /// A token of this moment that lasts an hour; `claims` win over what is added.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let now = Clock::system().now().as_seconds();
        let mut all = json!({"iss": self.name, "aud": "chaperone", "iat": now, "exp": now + 3600});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let alg = if matches!(self.key, Key::P256(_)) { "ES256" } else { "EdDSA" };
        let header = json!({"alg": alg, "kid": self.kid, "typ": "JWT"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&all));
        let signature = match &self.key {
            Key::P256(pair) => pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Engineer {
    /// What their identity provider says of them.
    pub(crate) fn claims(&self) -> Value {
        let Self { id, group, organization } = self;
        json!({"sub": id, "email": format!("{id}@vendor.example"), "name": format!("{id} of {organization}"),
            "groups": [group], "org": organization})
    }
}

impl Member {
    /// What the app says of them.
    pub(crate) fn claims(&self) -> Value {
        json!({"sub": self.id, "workspace": self.workspace, "role": self.role, "email": self.email()})
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@{}.example", self.id, self.workspace)
    }
}
