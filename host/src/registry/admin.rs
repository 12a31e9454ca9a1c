//! The keys of `[host]` for the admin API: where it listens, and who may call it.

use super::environment::{SECRETS, read_secret};
use super::table::{TomlTable, type_name};
use crate::network_address::NetworkAddress;
use http::uri::Authority;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::de::DeValue;

/// How the address of a Unix socket begins.
const UNIX: &str = "unix:";
/// How long a token must be, in characters, so that a search cannot find it.
const TOKEN_LENGTH_MIN: usize = 32;
const TOKEN_LENGTH_MAX: usize = 256;

/// Where the admin API listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAddress {
    /// An address and a port.
    Tcp(NetworkAddress),
    /// A Unix socket, which the file system guards.
    Unix(PathBuf),
}

impl AdminAddress {
    /// Parses an address; the path of a socket is relative to `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        Ok(match text.parse()? {
            Self::Unix(path) => Self::Unix(folder.join(path)),
            tcp => tcp,
        })
    }
}

impl FromStr for AdminAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix(UNIX) {
            Some("") => Err("names no socket; write unix:PATH".to_owned()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text
                .parse()
                .map(Self::Tcp)
                .map_err(|problem| format!("{problem}, or unix:PATH")),
        }
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "http://{address}"),
            Self::Unix(path) => write!(formatter, "{UNIX}{}", path.display()),
        }
    }
}

/// The token of the admin API's callers. The host never prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(String);

impl AdminToken {
    /// Takes a token that fits into `authorization: Bearer` (RFC 6750 section 2.1).
    ///
    /// # Errors
    /// It has other characters, or is too short or too long.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if !(TOKEN_LENGTH_MIN..=TOKEN_LENGTH_MAX).contains(&text.len())
            || !text.bytes().all(is_token)
        {
            return Err(format!(
                "must be {TOKEN_LENGTH_MIN} to {TOKEN_LENGTH_MAX} random letters, digits, \
                 or any of -._~+/=, such as of `openssl rand -hex 32`"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text as clients send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AdminToken(..)")
    }
}

/// A name that clients may give the admin API, in lower case and without a port.
pub(super) fn parse_host(text: &str) -> Result<String, String> {
    let authority = text.parse::<Authority>().ok();
    let is_host = authority.is_some_and(|authority| authority.host() == text);
    if !is_host || text.contains('*') {
        return Err(format!(
            "`{text}` is not a host; \
             write a name or an address without a port, such as \"bank.example\""
        ));
    }
    Ok(text.to_ascii_lowercase())
}

/// The key `admin_token`: a string, or one that is [elsewhere](super::environment), and must be
/// there.
pub(super) fn read_token(host: &mut TomlTable<'_, '_>, folder: &Path) -> Option<AdminToken> {
    const KEY: &str = "admin_token";
    let value = host.get(KEY)?;
    let token = match value.get_ref() {
        DeValue::String(text) => AdminToken::parse(text),
        DeValue::Table(_) => AdminToken::parse(&read_secret(host.table(KEY)?, folder, true)?),
        other => Err(format!(
            "must be a string in quotes, {SECRETS}, not {}",
            type_name(other)
        )),
    };
    token
        .map_err(|message| host.problem(value.span(), KEY, message))
        .ok()
}
