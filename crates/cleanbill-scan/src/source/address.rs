//! Web addresses: taken apart just far enough to follow redirects and to know whose a credential is (RFC 3986).

use std::fmt;

use super::RemoteError;

/// Holds an absolute `http` or `https` address without user information and fragment, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    encrypted: bool,
    /// Host and, where it is not the usual one, port; in lower case.
    host: String,
    /// Begins with `/`; with the query.
    path: String,
}

impl Address {
    pub(super) fn parse(written: &str) -> Result<Self, RemoteError> {
        let bad = |problem| RemoteError::Address {
            address: shorten(written),
            problem,
        };
        let (scheme, rest) = written
            .split_once("://")
            .ok_or_else(|| bad("it does not begin with `https://`"))?;
        let encrypted = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("its scheme is neither `http` nor `https`")),
        };
        let (host, path) = match rest.find(['/', '?', '#']) {
            Some(end) => rest.split_at(end),
            None => (rest, ""),
        };
        if host.contains('@') {
            return Err(RemoteError::Address {
                address: format!("{scheme}://..."),
                problem: "it holds a user name or password",
            });
        }
        let usual = if encrypted { ":443" } else { ":80" };
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(usual).unwrap_or(&host);
        if host.is_empty() || host.starts_with(':') {
            return Err(bad("it has no host"));
        }
        if !host
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_' | ':' | '[' | ']'))
        {
            return Err(bad("its host is not in ASCII form"));
        }
        Ok(Self {
            encrypted,
            host: host.to_owned(),
            path: clean(path),
        })
    }

    /// Resolves `location`, which may be relative, against this address.
    pub(super) fn join(&self, location: &str) -> Result<Self, RemoteError> {
        if location.contains("://") && !location.starts_with(['/', '?']) {
            return Self::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            let scheme = if self.encrypted { "https" } else { "http" };
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let path = if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') {
            format!("{own}{location}")
        } else {
            let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        Ok(Self {
            path: without_dots(&clean(&path)),
            ..self.clone()
        })
    }

    /// Says whether a credential meant for `other` may be sent here.
    pub(super) fn same_origin(&self, other: &Self) -> bool {
        self.encrypted == other.encrypted && self.host == other.host
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the last part of the path, decoded.
    pub(super) fn file_name(&self) -> Option<String> {
        let path = self.path.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
        let mut bytes = Vec::with_capacity(name.len());
        let mut rest = name.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let code = after
                .get(..2)
                .filter(|_| *first == b'%')
                .and_then(|digits| std::str::from_utf8(digits).ok())
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(code.unwrap_or(*first));
            rest = if code.is_some() {
                after.get(2..).unwrap_or_default()
            } else {
                after
            };
        }
        let name = String::from_utf8_lossy(&bytes).replace(['/', '\\', '\0'], "_");
        (!matches!(name.as_str(), "." | "..")).then_some(name)
    }

    /// Returns the address without its query, which may hold a signature.
    pub(super) fn shown(&self) -> String {
        shorten(&self.to_string())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.host, self.path)
    }
}

/// Encodes all of `part` but letters, digits and `-._~`, and `/` where `keep_slash` says so.
#[cfg(feature = "hub")]
pub(super) fn encode(part: &str, keep_slash: bool) -> String {
    let mut encoded = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slash && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            push_encoded(&mut encoded, byte);
        }
    }
    encoded
}

/// Encodes what may not stand in a path or query, and leaves the rest as it was written.
fn clean(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut cleaned = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        cleaned.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            cleaned.push(char::from(byte));
        } else {
            push_encoded(&mut cleaned, byte);
        }
    }
    cleaned
}

fn push_encoded(target: &mut String, byte: u8) {
    target.push('%');
    for nibble in [byte >> 4, byte & 15] {
        target.push(
            char::from_digit(u32::from(nibble), 16)
                .unwrap_or('0')
                .to_ascii_uppercase(),
        );
    }
}

/// Removes `.` and `..` from the path, as RFC 3986, 5.2.4 says.
fn without_dots(path: &str) -> String {
    let (path, query) = match path.find('?') {
        Some(start) => path.split_at(start),
        None => (path, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                if parts.peek().is_none() {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

fn shorten(address: &str) -> String {
    match address.split_once('?') {
        Some((before, _)) => format!("{before}?..."),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_resolved() {
        let base = Address::parse("https://H.example:443/a/b/c?x=1#f").unwrap();
        assert_eq!(base.to_string(), "https://h.example/a/b/c?x=1");
        assert_eq!(base.shown(), "https://h.example/a/b/c?...");
        for (location, wanted) in [
            ("/d?y", "https://h.example/d?y"),
            ("d", "https://h.example/a/b/d"),
            ("../d/./e", "https://h.example/a/d/e"),
            ("../../../../d", "https://h.example/d"),
            ("?z", "https://h.example/a/b/c?z"),
            ("//o.example/d", "https://o.example/d"),
            ("http://o.example:81/ü", "http://o.example:81/%C3%BC"),
            ("/r?to=http://x/", "https://h.example/r?to=http://x/"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), wanted, "{location}");
        }
        assert!(base.join("ftp://x/").is_err());
        assert!(base.join("https://u:p@x/").is_err());
    }

    #[test]
    fn a_credential_stays_with_its_scheme_host_and_port() {
        let home = Address::parse("https://h.example/").unwrap();
        for (other, same) in [
            ("https://h.example:443/x", true),
            ("http://h.example/", false),
            ("https://h.example:444/", false),
            ("https://h.example.evil/", false),
        ] {
            assert_eq!(Address::parse(other).unwrap().same_origin(&home), same, "{other}");
        }
    }

    #[test]
    fn names_of_files_are_decoded() {
        let name = |address| Address::parse(address).unwrap().file_name();
        assert_eq!(name("http://h/a/b%20c.bin?x"), Some("b c.bin".to_owned()));
        assert_eq!(name("http://h/a%2Fb"), Some("a_b".to_owned()));
        assert_eq!(name("http://h/"), None);
        assert_eq!(name("http://h/%2e%2e"), None);
    }
}
