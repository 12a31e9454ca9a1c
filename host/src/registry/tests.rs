//! A registry is read whole, and all mistakes are reported together.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Registry, RegistryProblems> {
    match Registry::parse(Path::new("bank/registry.toml"), text) {
        (registry, problems) if problems.is_empty() => Ok(registry),
        (_, problems) => Err(RegistryProblems(problems)),
    }
}

/// A registry of the service `a`, with this in its table.
fn service(table: &str) -> String {
    format!("[services.a]\ncomponent = \"a\"\n{table}\n")
}

/// The first problem of a registry that is refused.
fn problem(text: &str) -> RegistryProblem {
    parse(text).unwrap_err().0.swap_remove(0)
}

#[test]
fn a_service_needs_nothing_but_its_component_and_may_pin_its_digest() {
    let registry = parse("[services.hello]\ncomponent = \"hello.wasm\"\n").unwrap();
    let hello = registry.service("hello").unwrap();
    assert_eq!(hello.component, Path::new("bank/hello.wasm"));
    assert_eq!(hello.component_as_written, "hello.wasm");
    assert_eq!(hello.limits, Limits::default());
    assert_eq!(registry.host.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(registry.host.data, Path::new("bank/data"));
    let digest = format!("sha256:{}", "0f".repeat(32));
    let registry = parse(&service(&format!("digest = \"{digest}\""))).unwrap();
    assert_eq!(registry.services[0].digest.unwrap().to_string(), digest);
}

#[test]
fn a_clock_may_jump_by_10_s_or_what_the_registry_says_and_always_by_a_leap_second() {
    let text = |host: &str| format!("[host]\n{host}\n{}", service(""));
    let jump = |host: &str| parse(&text(host)).unwrap().host.clock_jump.as_secs();
    assert_eq!(jump(""), 10);
    assert_eq!(jump("clock_jump = \"5m\""), 300);
    for wrong in ["\"1999ms\"", "\"0s\"", "10"] {
        let problem = problem(&text(&format!("clock_jump = {wrong}")));
        assert_eq!(problem.key, "host.clock_jump", "{wrong}");
    }
}

#[test]
fn a_number_without_its_unit_is_refused_with_the_units_that_there_are() {
    for (key, units) in [
        ("timeout", "ms, s, m, h, or d, such as \"10s\""),
        ("memory", "B, KiB, MiB, or GiB, such as \"64MiB\""),
        ("rate", "/s or /m, such as \"50/s\""),
    ] {
        for bare in ["10", "\"10\""] {
            let problem = problem(&service(&format!("limits = {{ {key} = {bare} }}")));
            assert_eq!(problem.key, format!("services.a.limits.{key}"));
            assert!(problem.message.contains(units), "{problem}");
        }
    }
}

#[test]
fn all_mistakes_are_reported_with_their_lines_and_keys_in_the_order_of_the_file() {
    let five = r#"
[host]
listen = "localhost"
[services.auth]
component = 7
public = ["login"]
[services.auth.limits]
memory = "64MB"
[services.Token]
component = "token.wasm"
"#;
    let circle = r#"
        services.a = { component = "a", links = { "x:y/z" = "b" } }
        services.b = { component = "b", links = { "x:y/w" = "a" } }
        services.c = { component = "c", links = { "x:y/w" = "a" } }
    "#;
    let nowhere = service(r#"links = { "x:y/z" = "b" }"#);
    let unknown = format!("colour = 1\n{}", service("componnet = \"b\""));
    let of_five = rows! {
        (3, "host.listen"), (5, "services.auth.component"), (6, "services.auth.public"),
        (8, "services.auth.limits.memory"), (9, "services.Token"),
    };
    for (text, expected) in [
        (five, &of_five[..]),
        (&unknown, &[(1, "colour"), (4, "services.a.componnet")]),
        (&nowhere, &[(3, "services.a.links.\"x:y/z\"")]),
        (circle, &[(2, "services.a.links"), (3, "services.b.links")]),
    ] {
        let problems = parse(text).unwrap_err().0;
        let found = problems.iter().map(|problem| (problem.line, &*problem.key));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
    }
    let among = "links in a circle; remove one of the links among: a, b";
    assert_eq!(problem(circle).message, among);
    let broken = problem("[services.a]\ncomponent = \"a.wasm\n");
    assert_eq!(broken.line, 2);
    assert!(broken.message.contains("not valid TOML"), "{broken}");
}

#[test]
fn services_come_after_those_they_call() {
    let text = r#"
        services.a = { component = "a", links = { "x:y/z" = "c" } }
        services.b.component = "b"
        services.c = { component = "c", links = { "x:y/w" = "b" } }
    "#;
    let services = parse(text).unwrap().services;
    let names: Vec<_> = services.iter().map(|service| &*service.name).collect();
    assert_eq!(names, ["b", "c", "a"]);
}

#[test]
fn an_unset_variable_leaves_its_key_out_unless_it_is_required() {
    let text = |rest: &str| {
        let secret = format!("{{ env = \"STRONGROOM_TEST_NEVER_SET\"{rest} }}");
        service(&format!("config = {{ secret = {secret}, plain = 3 }}"))
    };
    let config = &parse(&text("")).unwrap().services[0].config;
    assert_eq!(*config, [("plain".to_owned(), "3".to_owned())]);
    let problem = problem(&text(", required = true"));
    let is_named = problem.message.contains("STRONGROOM_TEST_NEVER_SET");
    assert!(is_named, "{problem}");
}

#[test]
fn a_value_may_be_in_a_file_without_the_end_of_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let with = |config: &str| {
        let text = service(&format!("config = {{ secret = {config} }}"));
        let (registry, problems) = Registry::parse(&folder.path().join("registry.toml"), &text);
        let problem = problems.first().map(|problem| problem.to_string());
        problem.map_or_else(|| Ok(registry.services[0].config.clone()), Err)
    };
    for (content, expected) in rows! {
        (&b"a long walk\n"[..], Ok("a long walk")), (b"a long walk\r\n", Ok("a long walk")),
        (b" two lines\n\n", Ok(" two lines\n")), (b"\n", Err("empty")), (b"\xff", Err("UTF-8")),
        (&[b'x'; (64 << 10) + 1], Err("larger than 64 KiB")),
    } {
        std::fs::write(folder.path().join("secret"), content).unwrap();
        let found = with("{ file = \"secret\" }");
        match expected {
            Ok(value) => assert_eq!(found.unwrap()[0].1, value),
            Err(word) => {
                let (problem, key) = (found.unwrap_err(), "services.a.config.secret.file");
                assert!(problem.contains(word) && problem.contains(key), "{problem}");
            }
        }
    }
    for (config, word) in rows! {
        ("{ file = \"nowhere\" }", "nowhere"), ("{ file = \"\" }", "must name a file"),
        ("{ file = \"secret\", env = \"NAME\" }", "env"),
        ("{ file = \"secret\", required = false }", "required"), ("{}", "{ file = \"PATH\" }"),
    } {
        let problem = with(config).unwrap_err();
        assert!(problem.contains(word), "{config}: {problem}");
    }
}

#[test]
fn a_component_inside_the_binary_is_no_file_that_can_change() {
    let text = "[services.a]\ncomponent = \"builtin:a.wasm\"\n\
                canary = { component = \"b.wasm\", weight = 1 }\n";
    let registry = parse(text).unwrap();
    let a = registry.service("a").unwrap();
    assert_eq!(a.component, Path::new("builtin:a.wasm"));
    let files = ["bank/registry.toml", "bank/b.wasm"].map(PathBuf::from);
    assert_eq!(registry.files(), files);
}

#[test]
fn the_admin_keys_are_read() {
    let text = |host: &str| format!("[host]\n{host}\n{}", service(""));
    let host = |host: &str| parse(&text(host)).unwrap().host;
    let token = "0123456789abcdef0123456789abcdef";
    let socket = r#"admin = "unix:run/admin.sock""#;
    let hosts = r#"admin_hosts = ["Bank.example", "[::2]"]"#;
    let set = host(&format!("{socket}\n{hosts}\nadmin_token = \"{token}\""));
    assert_eq!(set.admin, AdminAddress::Unix("bank/run/admin.sock".into()));
    assert_eq!(set.admin_hosts, ["bank.example", "[::2]"]);
    assert_eq!(set.admin_token.as_ref().unwrap().as_str(), token);
    assert!(!format!("{set:?}").contains(token), "never printed");
    let differences = host("").differences(&set);
    assert_eq!(differences, ["admin", "admin_hosts", "admin_token"]);
    let named = host("admin = \"Admin.bank.example:9090\"\nadmin_hosts = [\"localhost\"]");
    assert_eq!(named.admin_names(), ["localhost", "admin.bank.example"]);
    let unset = "admin_token = { env = \"STRONGROOM_TEST_NEVER_SET\" }";
    for (wrong, word) in rows! {
        ("admin = \"localhost\"", "unix:PATH"), ("admin = \"unix:\"", "unix:PATH"),
        ("admin_hosts = [\"bank.example:9090\"]", "without a port"),
        ("admin_hosts = [\"*\"]", "without a port"), ("admin_hosts = [\"\"]", "without a port"),
        ("admin_token = \"short\"", "openssl rand"), (unset, "is not set"),
        ("admin_token = 7", "env"),
    } {
        let problem = problem(&text(wrong));
        assert!(problem.message.contains(word), "{wrong}: {problem}");
        assert_eq!(problem.line, 2);
    }
}

#[test]
fn what_is_understood_of_a_broken_registry_is_there_to_be_checked() {
    let text = "[host]\nlisten = 1\n[services.a]\ncomponent = \"a\"\n[services.b]\n";
    let (registry, problems) = Registry::parse(Path::new("r.toml"), text);
    assert_eq!(problems.len(), 2);
    assert!(registry.service("a").is_some());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = parse(&text);
    }

    #[test]
    fn no_line_noise_in_a_service_makes_the_parser_panic(text in "(\\[services\\.[a-z]\\]\n)?([a-z]{1,9} = [\"\\[\\{\\}\\]a-z0-9=, ]{0,20}\n){0,5}") {
        let _ = parse(&text);
    }
}
