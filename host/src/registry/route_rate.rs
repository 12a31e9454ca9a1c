//! The rate of one route: `GET /events 20/s by subject`.

use super::route_pattern::RoutePattern;
use super::units::{Rate, parse_rate};

/// How often one client may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRate {
    /// The requests that count.
    pub route: RoutePattern,
    /// How many of them one client may send.
    pub rate: Rate,
    /// What one client is.
    pub by: RateBy,
    /// The text as the registry writes it.
    pub text: String,
}

/// What one client is, for a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateBy {
    /// A network address.
    Address,
    /// The user of a token.
    Subject,
}

impl RouteRate {
    /// Parses `METHOD /path COUNT/UNIT by address` or `.. by subject`, where some routes are
    /// `public`.
    pub(super) fn parse(text: &str, public: &[RoutePattern]) -> Result<Self, String> {
        let wanted = || {
            format!(
                "`{text}` is not a rate of a route; write for example \
                 \"POST /login 10/m by address\", or \"GET /events 20/s by subject\""
            )
        };
        let (rest, by) = text.rsplit_once(" by ").ok_or_else(wanted)?;
        let by = match by {
            "address" => RateBy::Address,
            "subject" => RateBy::Subject,
            _ => return Err(wanted()),
        };
        let (route, rate) = rest.rsplit_once(' ').ok_or_else(wanted)?;
        let rate = parse_rate(rate)?;
        let route = RoutePattern::parse(route)?;
        if by == RateBy::Subject && public.iter().any(|public| public.covers(&route)) {
            let problem = "never counts: the route is public, and its callers have no subject; \
                           write `by address`";
            return Err(format!("`{text}` {problem}"));
        }
        Ok(Self {
            route,
            rate,
            by,
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    #[test]
    fn a_rate_has_a_route_and_a_kind_of_client() {
        let parse = |text| RouteRate::parse(text, &[RoutePattern::parse("POST /login").unwrap()]);
        let rate = parse("GET /events 20/s by subject").unwrap();
        assert!(rate.route.matches(&Method::GET, "/events"));
        assert_eq!((rate.rate.count.get(), rate.by), (20, RateBy::Subject));
        for wrong in rows! {
            "", "GET /events 20/s", "GET /events 20/s by key", "GET /events by subject",
            "GET /events 20 by subject", "/events 20/s by subject", "POST /login 2/m by subject",
        } {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("POST /login 2/m by address").is_ok());
    }
}
