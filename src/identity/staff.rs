//! Everybody who speaks for engineers: the vendor's issuer, and a partner's for the partner's own.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Staff;
use crate::domain::id::EngineerId;

use super::jwks::Jwks;
use super::jwt::Verifier;

/// Verifies the tokens of engineers, each by the one issuer that may speak for them.
#[derive(Debug)]
pub struct StaffVerifiers {
    own: Verifier,
    partners: BTreeMap<String, Verifier>,
}

impl StaffVerifiers {
    /// The vendor's own issuer, and those of partners by the ids of their organizations.
    #[must_use]
    pub fn new(own: Verifier, partners: BTreeMap<String, Verifier>) -> Self {
        Self { own, partners }
    }

    /// Verifies tokens of the vendor's own issuer.
    #[must_use]
    pub fn own(&self) -> &Verifier {
        &self.own
    }

    /// The verifier of the tokens that `issuer` makes, and the partner that it speaks for; none when it speaks for nobody.
    #[must_use]
    pub fn of<'a>(&'a self, issuer: &str) -> Option<(&'a Verifier, Option<&'a str>)> {
        if self.own.issuer() == issuer {
            return Some((&self.own, None));
        }
        let partner = self.partners.iter().find(|(_, verifier)| verifier.issuer() == issuer);
        partner.map(|(partner, verifier)| (verifier, Some(partner.as_str())))
    }

    /// Their keys.
    #[must_use]
    pub fn keys(&self) -> StaffKeys {
        let partners = self.partners.iter();
        let partners = partners.map(|(partner, verifier)| (partner.clone(), Arc::clone(verifier.keys())));
        StaffKeys { own: Arc::clone(self.own.keys()), partners: partners.collect() }
    }
}

/// The keys of everybody who speaks for engineers.
#[derive(Debug, Clone)]
pub struct StaffKeys {
    own: Arc<Jwks>,
    partners: BTreeMap<String, Arc<Jwks>>,
}

impl StaffKeys {
    /// The keys of the vendor's own issuer, where no partner has one.
    #[must_use]
    pub fn only(own: Arc<Jwks>) -> Self {
        Self { own, partners: BTreeMap::new() }
    }

    /// The keys of whoever speaks for `engineer`.
    #[must_use]
    pub fn of(&self, engineer: &EngineerId, staff: &Staff) -> &Jwks {
        staff.partner_of(engineer).and_then(|partner| self.partners.get(partner)).unwrap_or(&self.own)
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Jwks>> {
        std::iter::once(&self.own).chain(self.partners.values()).cloned().collect()
    }
}
