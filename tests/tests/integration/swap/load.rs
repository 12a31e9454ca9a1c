//! Clients that never rest, and that take only a good answer.

use strongroom_tests::Client;
use strongroom_tests::race::Flood;

pub const CLIENTS: usize = 6;

/// Begins with so many clients of one path. Every answer must be a 200 that `is_good` takes. Half
/// of the clients keep their connections, and half make one for each request.
pub fn hammer(
    clients: usize,
    client: impl Fn() -> Client,
    path: &'static str,
    is_good: impl Fn(&str) -> bool + Clone + Send + 'static,
) -> Flood {
    let clients = (0..clients).map(|number| {
        let client = client();
        move || match number % 2 {
            0 => client.get(path),
            _ => client.get(path).header("connection", "close"),
        }
    });
    Flood::begin(clients, move |outcome| {
        let answer = outcome.expect("the host answers");
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert!(is_good(&text), "{text}");
        true
    })
}
