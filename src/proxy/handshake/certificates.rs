//! Which certificate a client gets, when there are several: by the name that it asks for.
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::proxy::pem::{PemError, PemFile};

use super::profile;

/// The certificates of the public listener, each with its key.
#[derive(Debug)]
pub(super) struct Certificates(Vec<Arc<CertifiedKey>>);

impl Certificates {
    /// Those in these files.
    ///
    /// # Errors
    /// When one cannot be used.
    pub(super) fn new(pairs: &[(PemFile, PemFile)]) -> Result<Self, PemError> {
        let provider = profile::provider();
        let certified = |(cert, key): &(PemFile, PemFile)| {
            let made = CertifiedKey::from_der(cert.certificates()?, key.key()?, &provider);
            let made = made.and_then(|made| made.end_entity_cert().map(|_| ()).map(|()| made));
            made.map(Arc::new).map_err(|source| cert.unfit(source))
        };
        Ok(Self(pairs.iter().map(certified).collect::<Result<_, _>>()?))
    }

    /// The first usable one that is for this name alone, else one by a wildcard, else the first.
    fn choose(&self, name: Option<&str>, is_usable: impl Fn(&CertifiedKey) -> bool) -> Option<&Arc<CertifiedKey>> {
        let usable = || self.0.iter().filter(|key| is_usable(key));
        let named = name.and_then(|name| {
            let neighbour = neighbour(name);
            let exact = usable().find(|key| is_for(key, name) && !is_for(key, &neighbour));
            exact.or_else(|| usable().find(|key| is_for(key, name)))
        });
        named.or_else(|| usable().next()).or_else(|| self.0.first())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_usable = |key: &CertifiedKey| key.key.choose_scheme(hello.signature_schemes()).is_some();
        self.choose(hello.server_name(), is_usable).cloned()
    }
}

/// A name beside this one, which nobody has: a certificate that is for it too has a wildcard.
fn neighbour(name: &str) -> String {
    let (label, parent) = name.split_once('.').unwrap_or((name, ""));
    format!("beside-{label}.{parent}")
}

fn is_for(key: &CertifiedKey, name: &str) -> bool {
    let leaf = key.end_entity_cert().ok().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
    let fits = leaf.zip(ServerName::try_from(name).ok());
    fits.is_some_and(|(leaf, name)| verify_server_name(&leaf, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use rustls::pki_types::PrivateKeyDer;

    use super::*;

    fn for_names(names: &[&str]) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let cert = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(CertifiedKey::from_der(vec![cert.der().clone()], key, &profile::provider()).unwrap())
    }

    #[test]
    fn an_exact_name_wins_over_a_wildcard_and_a_wildcard_over_the_first() {
        let names: [&[&str]; 5] = [
            &["first.example"],
            &["*.example.com"],
            &["support.example.com", "example.com"],
            &["*.support.example.com"],
            &["support.example.com"],
        ];
        let all = Certificates(names.iter().map(|names| for_names(names)).collect());
        for (asked, place) in [
            (Some("support.example.com"), 2),
            (Some("example.com"), 2),
            (Some("other.example.com"), 1),
            (Some("s1.support.example.com"), 3),
            (Some("a.s1.support.example.com"), 0),
            (Some("stranger.example"), 0),
            (Some("localhost"), 0),
            (None, 0),
        ] {
            let chosen = all.choose(asked, |_| true).unwrap();
            assert!(Arc::ptr_eq(chosen, &all.0[place]), "{asked:?}");
        }
        let not_the_third = |key: &CertifiedKey| !std::ptr::eq(key, all.0[2].as_ref());
        assert!(
            Arc::ptr_eq(all.choose(Some("support.example.com"), not_the_third).unwrap(), &all.0[4]),
            "usable ones only"
        );
    }
}
