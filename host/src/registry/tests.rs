//! A registry is read whole, and all mistakes are reported together.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Registry, RegistryProblems> {
    match Registry::parse(Path::new("bank/registry.toml"), text) {
        (registry, problems) if problems.is_empty() => Ok(registry),
        (_, problems) => Err(RegistryProblems(problems)),
    }
}

fn keys_and_lines(text: &str) -> Vec<(usize, String)> {
    let problems = parse(text).unwrap_err();
    problems
        .0
        .into_iter()
        .map(|problem| (problem.line, problem.key))
        .collect()
}

#[test]
fn a_service_needs_nothing_but_its_component() {
    let registry = parse("[services.hello]\ncomponent = \"hello.wasm\"\n").unwrap();
    let hello = registry.service("hello").unwrap();
    assert_eq!(hello.component, Path::new("bank/hello.wasm"));
    assert_eq!(hello.component_as_written, "hello.wasm");
    assert_eq!(hello.limits, Limits::default());
    assert_eq!(registry.host.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(registry.host.data, Path::new("bank/data"));
}

#[test]
fn a_clock_may_jump_by_10_s_or_what_the_registry_says_and_always_by_a_leap_second() {
    let with = |host: &str| {
        parse(&format!(
            "[host]\n{host}\n[services.hello]\ncomponent = \"hello.wasm\"\n"
        ))
    };
    let jump = |host: &str| with(host).unwrap().host.clock_jump.as_secs();
    assert_eq!(jump(""), 10);
    assert_eq!(jump("clock_jump = \"5m\""), 300);
    for wrong in ["\"1999ms\"", "\"0s\"", "10"] {
        let problems = with(&format!("clock_jump = {wrong}")).unwrap_err();
        assert_eq!(problems.0[0].key, "host.clock_jump", "{wrong}");
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
            let text =
                format!("[services.a]\ncomponent = \"a.wasm\"\nlimits = {{ {key} = {bare} }}\n");
            let problems = parse(&text).unwrap_err();
            assert_eq!(problems.0[0].key, format!("services.a.limits.{key}"));
            assert!(problems.0[0].message.contains(units), "{problems}");
        }
    }
}

#[test]
fn five_mistakes_are_five_reports_in_the_order_of_the_file() {
    let found = keys_and_lines(
        r#"
[host]
listen = "localhost"
[services.auth]
component = 7
public = ["login"]
[services.auth.limits]
memory = "64MB"
[services.Token]
component = "token.wasm"
"#,
    );
    let expected = [
        (3, "host.listen"),
        (5, "services.auth.component"),
        (6, "services.auth.public"),
        (8, "services.auth.limits.memory"),
        (9, "services.Token"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(line, key)| (line, key.to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn unknown_keys_are_refused_where_they_stand() {
    let found =
        keys_and_lines("colour = 1\n[services.a]\ncomponent = \"a.wasm\"\ncomponnet = \"b\"\n");
    assert_eq!(
        found,
        [
            (1, "colour".to_owned()),
            (4, "services.a.componnet".to_owned())
        ]
    );
}

#[test]
fn broken_toml_is_reported_with_its_line() {
    let problems = parse("[services.a]\ncomponent = \"a.wasm\n").unwrap_err();
    assert_eq!(problems.0[0].line, 2);
    assert!(
        problems.0[0].message.contains("not valid TOML"),
        "{problems}"
    );
}

#[test]
fn a_link_to_nowhere_is_a_problem() {
    let found =
        keys_and_lines("[services.a]\ncomponent = \"a.wasm\"\nlinks = { \"x:y/z\" = \"b\" }\n");
    assert_eq!(found, [(3, "services.a.links.\"x:y/z\"".to_owned())]);
}

#[test]
fn links_in_a_circle_are_a_problem() {
    let problems = parse(
        "[services.a]\ncomponent = \"a\"\nlinks = { \"x:y/z\" = \"b\" }\n[services.b]\ncomponent = \"b\"\nlinks = { \"x:y/w\" = \"a\" }\n[services.c]\ncomponent = \"c\"\nlinks = { \"x:y/w\" = \"a\" }\n",
    )
    .unwrap_err();
    let lines: Vec<_> = problems.0.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 6]);
    let among = "links in a circle; remove one of the links among: a, b";
    assert_eq!(problems.0[0].message, among);
}

#[test]
fn services_come_after_those_they_call() {
    let registry = parse(
        "[services.a]\ncomponent = \"a\"\nlinks = { \"x:y/z\" = \"c\" }\n[services.b]\ncomponent = \"b\"\n[services.c]\ncomponent = \"c\"\nlinks = { \"x:y/w\" = \"b\" }\n",
    )
    .unwrap();
    let names: Vec<_> = registry
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["b", "c", "a"]);
}

#[test]
fn an_unset_variable_leaves_its_key_out_unless_it_is_required() {
    let text = |rest: &str| {
        format!(
            "[services.a]\ncomponent = \"a\"\nconfig = {{ secret = {{ env = \"STRONGROOM_TEST_NEVER_SET\"{rest} }}, plain = 3 }}\n"
        )
    };
    let registry = parse(&text("")).unwrap();
    assert_eq!(
        registry.services[0].config,
        [("plain".to_owned(), "3".to_owned())]
    );
    let problems = parse(&text(", required = true")).unwrap_err();
    assert!(
        problems.0[0].message.contains("STRONGROOM_TEST_NEVER_SET"),
        "{problems}"
    );
}

#[test]
fn a_value_may_be_in_a_file_without_the_end_of_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let with = |config: &str| {
        let text = format!("[services.a]\ncomponent = \"a\"\nconfig = {{ secret = {config} }}\n");
        let (registry, problems) = Registry::parse(&folder.path().join("registry.toml"), &text);
        let problem = problems.first().map(|problem| problem.to_string());
        problem.map_or_else(|| Ok(registry.services[0].config.clone()), Err)
    };
    for (content, value) in [
        ("a long walk\n", "a long walk"),
        ("a long walk\r\n", "a long walk"),
        (" two lines\n\n", " two lines\n"),
    ] {
        std::fs::write(folder.path().join("secret"), content).unwrap();
        let config = with("{ file = \"secret\" }").unwrap();
        assert_eq!(config, [("secret".to_owned(), value.to_owned())]);
    }
    for (content, word) in [
        (&b"\n"[..], "empty"),
        (b"\xff", "UTF-8"),
        (&[b'x'; (64 << 10) + 1], "larger than 64 KiB"),
    ] {
        std::fs::write(folder.path().join("secret"), content).unwrap();
        let problem = with("{ file = \"secret\" }").unwrap_err();
        assert!(
            problem.contains(word) && problem.contains("services.a.config.secret.file"),
            "{problem}"
        );
    }
    for (config, word) in [
        ("{ file = \"nowhere\" }", "nowhere"),
        ("{ file = \"\" }", "must name a file"),
        ("{ file = \"secret\", env = \"NAME\" }", "env"),
        ("{ file = \"secret\", required = false }", "required"),
        ("{}", "{ file = \"PATH\" }"),
    ] {
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
    let host = |text: &str| {
        let service = "[services.a]\ncomponent = \"a\"\n";
        parse(&format!("[host]\n{text}\n{service}")).map(|registry| registry.host)
    };
    let token = "0123456789abcdef0123456789abcdef";
    let set = host(&format!(
        "admin = \"unix:run/admin.sock\"\nadmin_hosts = [\"Bank.example\", \"[::2]\"]\nadmin_token = \"{token}\""
    ))
    .unwrap();
    assert_eq!(set.admin, AdminAddress::Unix("bank/run/admin.sock".into()));
    assert_eq!(set.admin_hosts, ["bank.example", "[::2]"]);
    assert_eq!(set.admin_token.as_ref().unwrap().as_str(), token);
    assert!(!format!("{set:?}").contains(token), "never printed");
    assert_eq!(
        host("").unwrap().differences(&set),
        ["admin", "admin_hosts", "admin_token"]
    );
    let named = host("admin = \"Admin.bank.example:9090\"\nadmin_hosts = [\"localhost\"]");
    assert_eq!(
        named.unwrap().admin_names(),
        ["localhost", "admin.bank.example"]
    );
    for (wrong, word) in [
        ("admin = \"localhost\"", "unix:PATH"),
        ("admin = \"unix:\"", "unix:PATH"),
        ("admin_hosts = [\"bank.example:9090\"]", "without a port"),
        ("admin_hosts = [\"*\"]", "without a port"),
        ("admin_hosts = [\"\"]", "without a port"),
        ("admin_token = \"short\"", "openssl rand"),
        (
            "admin_token = { env = \"STRONGROOM_TEST_NEVER_SET\" }",
            "is not set",
        ),
        ("admin_token = 7", "env"),
    ] {
        let problems = host(wrong).unwrap_err();
        assert!(problems.0[0].message.contains(word), "{wrong}: {problems}");
        assert_eq!(problems.0[0].line, 2);
    }
}

#[test]
fn a_digest_is_read_and_written_the_same() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let registry = parse(&format!(
        "[services.a]\ncomponent = \"a\"\ndigest = \"{digest}\"\n"
    ))
    .unwrap();
    assert_eq!(registry.services[0].digest.unwrap().to_string(), digest);
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
