//! Who may look: the token, and the names under which the server is asked.

use std::net::{IpAddr, SocketAddr};

use reports::digest::sha256_hex;
use rustix::rand::{GetRandomFlags, getrandom};

/// Octets of a token that is drawn.
const DRAWN: usize = 16;

/// Who may look.
#[derive(Clone, Debug)]
pub struct Guard {
    /// What one must know; none where only this machine can ask.
    token: Option<String>,
    address: SocketAddr,
    /// Names of this machine, in small letters.
    names: Vec<String>,
}

/// Why somebody may not look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The server is asked under a name that is not its own: a page from elsewhere may have made the
    /// browser believe that its own name is this machine's address.
    Name,
    /// The token is missing or wrong.
    Token,
}

/// A token that nobody can guess.
///
/// # Errors
/// If the system has no random numbers.
pub(super) fn drawn() -> std::io::Result<String> {
    let mut octets = [0; DRAWN];
    let count = getrandom(&mut octets, GetRandomFlags::empty())?;
    if count != DRAWN {
        return Err(std::io::Error::other("too few random numbers"));
    }
    Ok(octets.map(|octet| format!("{octet:02x}")).concat())
}

impl Guard {
    /// Of a server at `address`, which needs a token unless only this machine can ask; `names` are
    /// allowed beside its own.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn new(
        address: SocketAddr,
        token: Option<String>,
        names: &[String],
    ) -> std::io::Result<Guard> {
        let token = match token {
            None if !address.ip().is_loopback() => Some(drawn()?),
            token => token,
        };
        let own = rustix::system::uname();
        let own = own.nodename().to_string_lossy().into_owned();
        let names = names.iter().cloned().chain(["localhost".to_owned(), own]);
        Ok(Guard {
            token,
            address,
            names: names.map(|name| name.to_lowercase()).collect(),
        })
    }

    /// The address to be opened, with the token.
    pub fn link(&self) -> String {
        let token = self.token.as_ref();
        let token = token.map_or(String::new(), |token| format!("?token={token}"));
        // At `0.0.0.0` nobody from elsewhere finds it: the last of its names is this machine's.
        match self.names.last() {
            Some(own) if self.address.ip().is_unspecified() => {
                format!("http://{own}:{}/{token}", self.address.port())
            }
            _ => format!("http://{}/{token}", self.address),
        }
    }

    /// The name of the cookie: cookies of one machine are not told apart by port.
    pub(super) fn cookie(&self) -> String {
        format!("bench_{}", self.address.port())
    }

    /// The cookie of who has given the token.
    pub(super) fn set_cookie(&self) -> Option<String> {
        let token = self.token.as_ref()?;
        let name = self.cookie();
        Some(format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict"))
    }

    /// Whether one who asks under the name `host` and gives these tokens may look.
    pub(super) fn admit(&self, host: Option<&str>, given: &[&str]) -> Result<(), Refused> {
        if !host.is_some_and(|host| self.is_own(host)) {
            return Err(Refused::Name);
        }
        match &self.token {
            None => Ok(()),
            Some(token) if given.iter().any(|given| same(given, token)) => Ok(()),
            Some(_) => Err(Refused::Token),
        }
    }

    /// Whether a name, perhaps with a port, is this server's. Addresses are: nobody else's name leads
    /// a browser to send one.
    fn is_own(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        match name.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback() || !self.address.ip().is_loopback(),
            Err(_) => self.names.contains(&name.to_lowercase()),
        }
    }
}

/// Compares in a time that does not depend on where two texts differ: of their digests every octet.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (sha256_hex(one.as_bytes()), sha256_hex(other.as_bytes()));
    let pairs = one.bytes().zip(other.bytes());
    std::hint::black_box(pairs.fold(0, |sum, (a, b)| sum | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(address: &str) -> Guard {
        let names = ["Bench.Example".to_owned()];
        Guard::new(address.parse().unwrap(), None, &names).unwrap()
    }

    #[test]
    fn other_names_are_refused() {
        let here = guard("127.0.0.1:8000");
        for own in [
            "127.0.0.1:8000",
            "localhost",
            "[::1]:8000",
            "bench.example:1",
            "LOCALHOST:9",
        ] {
            assert_eq!(here.admit(Some(own), &[]), Ok(()), "{own}");
        }
        for other in [
            "evil.example",
            "192.0.2.1",
            "",
            "127.0.0.1.evil.example",
            "localhost.evil",
        ] {
            assert_eq!(here.admit(Some(other), &[]), Err(Refused::Name), "{other}");
        }
        assert_eq!(here.admit(None, &[]), Err(Refused::Name));
    }

    #[test]
    fn who_asks_from_elsewhere_needs_the_token() {
        let open = guard("0.0.0.0:8000");
        let token = open.token.clone().unwrap();
        assert_eq!(token.len(), 2 * DRAWN);
        assert_ne!(Some(&token), guard("0.0.0.0:8000").token.as_ref());
        let host = Some("192.0.2.7:8000");
        assert_eq!(open.admit(host, &[]), Err(Refused::Token));
        assert_eq!(open.admit(host, &["", &token[1..]]), Err(Refused::Token));
        assert_eq!(open.admit(host, &["no", &token]), Ok(()));
        assert_eq!(
            open.admit(Some("evil.example"), &[&token]),
            Err(Refused::Name)
        );
        let own = rustix::system::uname();
        let own = own.nodename().to_string_lossy().to_lowercase();
        assert_eq!(open.link(), format!("http://{own}:8000/?token={token}"));
        assert_eq!(open.admit(Some(&own), &[&token]), Ok(()));
        let here = guard("127.0.0.1:80");
        assert_eq!(here.link(), format!("http://{}/", here.address));
    }
}
