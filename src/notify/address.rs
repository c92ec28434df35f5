//! Which addresses a webhook may be at: those of the open internet, and no others unless the operator says so. Else
//! whoever chooses the name in the DNS could have us call into our own network.
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// A host is at an address that notices are not sent to.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` is at the private address `{address}`; set `notify.webhook.allow_private` if that is meant")]
pub(super) struct Private {
    host: String,
    address: IpAddr,
}

/// Looks names up, and refuses those of private addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resolver {
    pub(super) allow_private: bool,
}

/// Why a name leads nowhere.
pub(super) type LookedUp<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl Resolver {
    /// A host that is an address already is not looked up by anybody.
    pub(super) fn check(self, host: &str) -> Result<(), Private> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>() {
            Ok(address) => self.admit(host, address),
            Err(_) => Ok(()),
        }
    }

    fn admit(self, host: &str, address: IpAddr) -> Result<(), Private> {
        if self.allow_private || is_open(address) { Ok(()) } else { Err(Private { host: host.to_owned(), address }) }
    }

    /// The addresses of a host, with this port.
    pub(super) async fn find(self, host: &str, port: u16) -> LookedUp<Vec<SocketAddr>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<_> = tokio::net::lookup_host((literal, port)).await?.collect();
        // One private address among them is one too many: it may be the next that is tried.
        for address in &found {
            self.admit(host, address.ip())?;
        }
        Ok(found)
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = LookedUp<vec::IntoIter<SocketAddr>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = *self;
        Box::pin(async move { Ok(resolver.find(name.as_str(), 0).await?.into_iter()) })
    }
}

/// Whether an address is one of the open internet (IANA's registries of special-purpose addresses).
fn is_open(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_open_v4(address),
        IpAddr::V6(address) => is_open_v6(address),
    }
}

fn is_open_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_open_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| is_open_v4((u32::from(high) << 16 | u32::from(low)).into());
    match address.segments() {
        // Addresses of IPv4 in another dress: mapped, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // Only 2000::/3 is given out; and in it are Teredo, benchmarks, documentation.
        [first, second, ..] => {
            let special = first == 0x3fff || (first == 0x2001 && matches!(second, 0 | 2 | 0xdb8 | 0x10..=0x2f));
            (0x2000..=0x3fff).contains(&first) && !special
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_loopback_and_link_local_addresses_are_refused_in_any_dress() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_open(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_open_internet_are_fine() {
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(is_open(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_in_the_place_of_a_name_is_looked_at_too() {
        let strict = Resolver { allow_private: false };
        assert!(strict.check("[::1]").is_err() && strict.check("127.0.0.1").is_err());
        assert!(strict.check("hooks.example.com").is_ok());
        assert!(Resolver { allow_private: true }.check("127.0.0.1").is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_after_it_was_looked_up() {
        let found = Resolver { allow_private: false }.find("localhost", 80).await;
        assert!(found.unwrap_err().to_string().contains("private address"));
        assert!(Resolver { allow_private: true }.find("localhost", 80).await.is_ok());
    }
}
