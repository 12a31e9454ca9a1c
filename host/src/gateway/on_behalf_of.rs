//! `x-on-behalf-of`: a client with an API key names the customer for whom it makes the request.

use super::problem::GatewayError;
use crate::keys::{Identity, Keys};
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const ON_BEHALF_OF: HeaderName = HeaderName::from_static("x-on-behalf-of");
/// The length of `01890000-0000-7000-8000-000000000000`, the one form that is taken.
const UUID_LENGTH: usize = 36;

/// Makes the identity act for the customer whom the request names, if it names one.
///
/// # Errors
/// The caller has no key, the header is malformed or names the client itself, or the customer is
/// disabled.
pub(super) fn apply(
    identity: Identity,
    headers: &HeaderMap,
    keys: &Keys,
) -> Result<Identity, GatewayError> {
    let mut values = headers.get_all(ON_BEHALF_OF).iter();
    let Some(value) = values.next() else {
        return Ok(identity);
    };
    let Some(client) = identity.client() else {
        return Err(GatewayError::Forbidden(
            "only a client with an API key may send `x-on-behalf-of`",
        ));
    };
    if values.next().is_some() {
        return Err(GatewayError::BadRequest(
            "`x-on-behalf-of` is there more than once; send one customer's UUID",
        ));
    }
    let customer = parse(value).ok_or(GatewayError::BadRequest(
        "`x-on-behalf-of` must be the UUID of a customer",
    ))?;
    // The client is not its own customer: what it does for itself is for the bank.
    if customer.to_string() == client {
        return Err(GatewayError::BadRequest(
            "`x-on-behalf-of` names the key's own client; leave it out to act for the bank",
        ));
    }
    if keys.is_blocked(customer) {
        return Err(GatewayError::CustomerDisabled);
    }
    Ok(identity.for_customer(customer))
}

fn parse(value: &HeaderValue) -> Option<Uuid> {
    let text = value.to_str().ok()?;
    let id = (text.len() == UUID_LENGTH).then(|| Uuid::try_parse(text).ok())??;
    // The nil UUID stands for the bank.
    (!id.is_nil()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_a_uuid_with_hyphens_and_nothing_else() {
        const ID: &str = "01890000-0000-7000-8000-00000000000a";
        for good in [ID, &ID.to_uppercase()] {
            let parsed = parse(&HeaderValue::try_from(good).unwrap());
            assert_eq!(parsed, Some(Uuid::try_parse(ID).unwrap()), "{good}");
        }
        for wrong in rows! {
            "", "customer", &ID.replace('-', ""), &format!("{{{ID}}}"),
            &format!("urn:uuid:{ID}"), &format!("{ID}, {ID}"),
            "01890000-0000-7000-8000-00000000000g", "00000000-0000-0000-0000-000000000000",
        } {
            let parsed = parse(&HeaderValue::try_from(wrong).unwrap());
            assert_eq!(parsed, None, "{wrong}");
        }
    }
}
