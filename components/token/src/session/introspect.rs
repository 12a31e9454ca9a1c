//! What a token is worth (RFC 7662).

use super::Session;
use super::token_state::TokenState;
use crate::access_token::{CLIENT_ID, Claims};
use crate::env::Env;
use crate::error::TokenError;
use crate::refresh_token::RefreshToken;
use crate::service::TokenService;
use serde::Serialize;
use strongroom_sdk::openapi::{flag, words};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use uuid::Uuid;

/// The response of RFC 7662 section 2.2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Introspection {
    /// The bank accepts the token now.
    Active(Box<Active>),
    /// The bank does not accept the token. The response does not say why.
    Inactive {
        /// Always false.
        #[schema(schema_with = inactive)]
        active: bool,
    },
}

/// The response for an active token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ActiveToken)]
pub struct Active {
    #[schema(schema_with = active)]
    active: bool,
    /// `access_token` or `refresh_token`, as in RFC 7009 section 2.1.
    #[schema(schema_with = token_kinds)]
    token_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    sub: Uuid,
    sid: Uuid,
    client_id: String,
    role: String,
    scope: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jti: Option<String>,
}

fn active() -> Object {
    flag(true)
}

fn inactive() -> Object {
    flag(false)
}

fn token_kinds() -> Object {
    words(["access_token", "refresh_token"])
}

impl Introspection {
    /// The response for any other token.
    pub const INACTIVE: Self = Self::Inactive { active: false };
}

impl<E: Env> TokenService<E> {
    /// What an access or a refresh token is worth now.
    pub fn introspect(&self, text: &str) -> Result<Introspection, TokenError> {
        let active = match RefreshToken::parse(text) {
            Some(token) => self.introspect_refresh(&token)?,
            None => Claims::read::<E::Keys>(text).map(from_access),
        };
        Ok(active.map_or(Introspection::INACTIVE, |active| {
            Introspection::Active(Box::new(active))
        }))
    }

    fn introspect_refresh(&self, token: &RefreshToken) -> Result<Option<Active>, TokenError> {
        let session = Session::find_by_token(token, &self.store)?;
        let Some(session) = session else {
            return Ok(None);
        };
        // The caller does not use the token: a reused one does not end the session here.
        match session.state_of(token, &self.settings, self.now_ms()) {
            TokenState::Current | TokenState::Repeated => {}
            TokenState::Reused | TokenState::Ended | TokenState::Worthless => return Ok(None),
        }
        let ends_at_ms = session.ends_at_ms(&self.settings);
        Ok(Some(Active {
            active: true,
            token_kind: "refresh_token",
            token_type: None,
            sub: session.subject,
            sid: session.id,
            client_id: CLIENT_ID.to_owned(),
            role: session.role,
            scope: session.scope,
            iat: session.last_used_at_ms / 1_000,
            exp: ends_at_ms / 1_000,
            nbf: None,
            iss: None,
            aud: None,
            jti: None,
        }))
    }
}

fn from_access(token: Claims) -> Active {
    Active {
        active: true,
        token_kind: "access_token",
        token_type: Some("Bearer"),
        sub: token.sub,
        sid: token.sid,
        client_id: token.client_id,
        role: token.role,
        scope: token.scope,
        iat: token.iat,
        exp: token.exp,
        nbf: Some(token.nbf),
        iss: Some(token.iss),
        aud: Some(token.aud),
        jti: Some(token.jti),
    }
}
