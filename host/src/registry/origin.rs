//! Web origins: scheme, host, and port (RFC 6454).

use http::Uri;
use http::uri::Scheme;
use std::fmt;

/// An origin of the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    is_https: bool,
    /// In lower case.
    host: String,
    port: u16,
}

impl Origin {
    /// Parses `https://host` or `http://host:port`, without a path.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!(
                "`{text}` is not an origin; \
                 write scheme and host without a path, such as \"https://app.example\""
            )
        };
        let uri: Uri = text.parse().map_err(|_| wanted())?;
        let is_bare = !text.ends_with('/') && uri.path() == "/" && uri.query().is_none();
        let has_user = uri
            .authority()
            .is_some_and(|name| name.as_str().contains('@'));
        match Self::of(&uri) {
            Some(origin) if is_bare && !has_user => Ok(origin),
            _ => Err(wanted()),
        }
    }

    /// The origin of a URI, if it has one to connect to: with a port from 1 to 65,535.
    pub fn of(uri: &Uri) -> Option<Self> {
        let is_https = uri.scheme()? == &Scheme::HTTPS;
        if !is_https && uri.scheme()? != &Scheme::HTTP {
            return None;
        }
        let host = uri.host()?;
        if host.is_empty() || host.contains('*') {
            return None;
        }
        let authority = uri.authority()?.as_str();
        let without_user = authority
            .rsplit_once('@')
            .map_or(authority, |(_, rest)| rest);
        let port = match without_user.strip_prefix(host)? {
            "" if is_https => 443,
            "" => 80,
            text => text
                .strip_prefix(':')
                .filter(|digits| !digits.starts_with('+'))?
                .parse()
                .ok()
                .filter(|port| *port != 0)?,
        };
        Some(Self {
            is_https,
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl Origin {
    /// As browsers send it: without the port that is its scheme's (RFC 6454 section 6.2).
    pub(super) fn as_sent(&self) -> String {
        let text = self.to_string();
        let port = if self.is_https { ":443" } else { ":80" };
        text.strip_suffix(port).unwrap_or(&text).to_owned()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(formatter, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_has_many_spellings_and_what_is_more_or_less_is_refused() {
        let origin = |text: &str| Origin::parse(text).unwrap();
        let rates = origin("https://rates.example:443");
        assert_eq!(origin("https://Rates.Example"), rates);
        let sent = ["https://Rates.Example:443", "http://a:80", "http://a:443"];
        let sent = sent.map(|text| origin(text).as_sent());
        assert_eq!(sent, ["https://rates.example", "http://a", "http://a:443"]);
        assert_ne!(origin("http://rates.example"), rates);
        let uri: Uri = "http://127.0.0.1:81/path?query".parse().unwrap();
        assert_eq!(Origin::of(&uri).unwrap(), origin("http://127.0.0.1:81"));
        for wrong in rows! {
            "", "rates.example", "https://", "https://rates.example/",
            "https://rates.example/path", "https://*.example", "https://user@rates.example",
            "ftp://rates.example", "http://rates.example:0", "http://rates.example:65536",
            "http://rates.example:+80", "http://rates.example:",
        } {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }
}
