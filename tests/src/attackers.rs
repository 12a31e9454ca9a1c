//! Where attackers come from.

use std::net::Ipv4Addr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The addresses of attackers, from 127.0.0.2 on; customers come from 127.0.0.1.
pub fn attacker(number: usize) -> Ipv4Addr {
    let number = u16::try_from(number + 2).expect("the loopback has so many addresses for us");
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 0, high, low)
}

/// Lets this process and its hosts have as many connections open as the system allows.
pub fn allow_many_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, all).expect("a process may have its maximum");
}
