//! Where a request comes from: the peer, or behind a trusted proxy the last address that the
//! proxies did not add themselves.

use std::net::{IpAddr, Ipv4Addr};

use crate::config::TrustedProxies;

/// The client's address, of the lines of `X-Forwarded-For` in their order.
#[must_use]
pub fn client(peer: Option<IpAddr>, forwarded_for: &[&str], proxies: &TrustedProxies) -> IpAddr {
    let mut address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
    for hop in forwarded_for.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !proxies.contains(address) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(before) => address = before.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Config;

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let vars = BTreeMap::from([("CCHC_TRUSTED_PROXIES".to_owned(), "10.0.0.0/8".to_owned())]);
        let proxies = Config::from_vars(&vars).unwrap().trusted_proxies;
        let of_lines = |peer: &str, lines: &[&str]| client(peer.parse().ok(), lines, &proxies).to_string();
        let from = |peer: &str, header: &str| of_lines(peer, &[header]);
        assert_eq!(from("10.0.0.2", "203.0.113.9"), "203.0.113.9");
        // What the client itself wrote in front is not believed.
        assert_eq!(from("10.0.0.2", "1.1.1.1, 203.0.113.9, 10.0.0.3"), "203.0.113.9");
        assert_eq!(from("203.0.113.7", "1.1.1.1"), "203.0.113.7");
        // A proxy may write a line of its own behind the client's.
        assert_eq!(of_lines("10.0.0.2", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(of_lines("10.0.0.2", &["1.1.1.1", "203.0.113.9, 10.0.0.3"]), "203.0.113.9");
        assert_eq!(of_lines("10.0.0.2", &[]), "10.0.0.2");
    }
}
