//! Whom a client's address stands for.
use std::net::{IpAddr, Ipv6Addr};

/// The bits of an IPv6 address that tell sites apart: within its /64 one client has as many addresses as it likes.
const SITE: u128 = u128::MAX << 64;

/// The address that a request comes from, as the connection or a trusted proxy tells it.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

/// Whoever is behind an address: an IPv4 address, or a /64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & SITE).into()),
            known @ IpAddr::V4(_) => Self(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Source {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_site_is_one_source_and_an_ipv4_address_is_one() {
        assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
        assert_eq!(source("192.0.2.1"), source("::ffff:192.0.2.1"));
    }
}
