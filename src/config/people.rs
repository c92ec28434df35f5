//! Whose word is believed on who engineers and members are.
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use http::Uri;
use secrecy::SecretString;

use crate::domain::id::EngineerId;
use crate::domain::path_pattern::PathPattern;
use crate::domain::time::Span;

/// Where the keys of an issuer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksFrom {
    /// A file.
    File(PathBuf),
    /// An address.
    Url(Uri),
    /// The issuer's discovery document.
    Discovery,
}

/// Who engineers are.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The `iss` of their tokens.
    pub issuer: String,
    /// The `aud` of their tokens.
    pub audience: String,
    /// Where the issuer's keys come from.
    pub jwks: JwksFrom,
    /// The groups that make somebody an engineer; empty: everybody whom the issuer vouches for.
    pub allowed_groups: BTreeSet<String>,
    /// The claim that lists groups.
    pub groups_claim: String,
    /// The claim that names the organization.
    pub organization_claim: String,
    /// Known organizations, by id, with their names; empty: any.
    pub organizations: BTreeMap<String, String>,
    /// The organizations for whose engineers an issuer of their own speaks, and nobody else, by id.
    pub partners: BTreeMap<String, Partner>,
    /// How engineers sign in by browser; none: they present bearer tokens only.
    pub sign_in: Option<SignIn>,
    /// How long a sign-in counts until it must be verified again; none: as long as it lasts.
    pub recheck: Option<Span>,
}

impl Staff {
    /// The partner whose issuer speaks for an engineer of this id; none: the staff's own issuer does.
    #[must_use]
    pub fn partner_of(&self, engineer: &EngineerId) -> Option<&str> {
        self.partner_before(engineer.as_str())
    }

    /// The partner whose name and a colon `text` begins with. What a partner's issuer says of ids and groups is known by
    /// that prefix, so that it is never taken for the word of another issuer.
    #[must_use]
    pub fn partner_before(&self, text: &str) -> Option<&str> {
        let (prefix, _) = text.split_once(':')?;
        self.partners.get_key_value(prefix).map(|(partner, _)| partner.as_str())
    }

    /// The `iss` of everybody who speaks for engineers.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.issuer.as_str()).chain(self.partners.values().map(|partner| partner.issuer.as_str()))
    }
}

/// Who speaks for a partner's engineers.
#[derive(Debug, Clone)]
pub struct Partner {
    /// The `iss` of their tokens.
    pub issuer: String,
    /// The `aud` of their tokens.
    pub audience: String,
    /// Where the issuer's keys come from.
    pub jwks: JwksFrom,
}

/// Who we are to the staff's identity provider (OpenID Connect).
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Our client id: the `aud` of ID tokens.
    pub client_id: String,
    /// Our secret; none: we are a public client, and PKCE alone protects the exchange.
    pub client_secret: Option<SecretString>,
    /// The `acr` that is asked for where a policy wants a fresh second factor, and that stands for one.
    pub step_up_acr: Option<String>,
}

/// Who members are.
#[derive(Debug, Clone)]
pub struct Customers {
    /// The `iss` of their tokens.
    pub issuer: String,
    /// The `aud` of their tokens.
    pub audience: String,
    /// Where the issuer's keys come from.
    pub jwks: JwksFrom,
    /// The claim that names the workspace.
    pub workspace_claim: String,
    /// The claim that tells the role.
    pub role_claim: String,
    /// The claim that has the e-mail address.
    pub email_claim: String,
    /// Where the app mints these tokens: always effect consent, on every route.
    pub token_paths: Vec<PathPattern>,
    /// Where members sign in.
    pub login_url: Option<String>,
    /// Origins that may call the API from a browser.
    pub origins: BTreeSet<String>,
}
