//! The compiler of a new component: a process that may take much, and takes nobody with it.

use super::*;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use strongroom_tests::command::run;
use tempfile::tempdir;
use tokio::task::JoinSet;

/// How long a process may take to begin or to end on a loaded machine.
const SECONDS_MAX: u64 = 30;

/// A handler with one function that takes gigabytes and minutes to compile: it has many locals, and
/// each is alive over many branches.
fn slow_to_compile() -> String {
    let locals = 1_000;
    let declared = "i64 ".repeat(locals);
    let branches: String = (0..100_000)
        .map(|number| {
            let (to, from) = (number % locals + 2, (number * 7 + 1) % locals + 2);
            format!("(if (local.get 0) (then (local.set {to} (local.get {from}))))")
        })
        .collect();
    let body =
        format!("(param i32 i32) (local {declared}) (loop {branches} (br_if 0 (local.get 1)))");
    let handler = include_str!("../bounds/silent.wat").replace("(param i32 i32)", &body);
    assert!(handler.contains(&body), "the handler has another form");
    handler
}

/// Saves a registry whose service `changing` has such a component; returns its compiler.
async fn compiler_of(host: &Host, registry: &Registry) -> Pid {
    let component = wat::parse_str(slow_to_compile()).expect("it is a component");
    replace(host.folder(), "slow.wasm", &component);
    let slow = of_file(Service::default(), "slow.wasm");
    host.save(&registry.clone().service("changing", slow));
    wait_for("the compiler", SECONDS_MAX, async || child_of(host)).await
}

fn child_of(host: &Host) -> Option<Pid> {
    let threads = format!("/proc/{}/task", host.pid().as_raw_nonzero());
    let threads = fs::read_dir(threads).expect("the host has threads");
    let children = threads.filter_map(|thread| {
        let children = thread.ok()?.path().join("children");
        fs::read_to_string(children).ok()
    });
    let child = children.collect::<String>().trim().parse().ok()?;
    Pid::from_raw(child)
}

fn file_of(process: Pid, name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{}/{name}", process.as_raw_nonzero())).ok()
}

#[tokio::test]
async fn a_component_that_takes_too_much_to_compile_is_refused_and_hurts_nobody() {
    let (registry, host) = start_beside_a_bystander().await;
    let compiler = compiler_of(&host, &registry).await;
    let score = || file_of(compiler, "oom_score_adj");
    // The last that it sets.
    let is_set = async || score().is_some_and(|score| score.trim() == "1000");
    wait_until("its limits", SECONDS_MAX, is_set).await;
    let told = |name: &str| file_of(compiler, name).expect("the compiler runs");
    let limits = told("limits");
    for (name, value) in [("Max cpu time", "600"), ("Max data size", "4294967296")] {
        let mut lines = limits.lines();
        let limit = lines.find_map(|line| line.strip_prefix(name));
        let soft = limit.and_then(|limit| limit.split_whitespace().next());
        assert_eq!(soft, Some(value), "{name} of {limits}");
    }
    let stat = told("stat");
    assert_eq!(stat.split(' ').nth(18), Some("5"), "its niceness in {stat}");

    assert_answers(&host, "/api/changing", "version-a").await;
    kill_process(compiler, Signal::KILL).expect("it runs");
    let reason = "the compiler was stopped (signal: 9";
    wait_for_refusal(&host, "changing", &[reason]).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_answers(&host, "/api/bystander", "version-a").await;
}

#[tokio::test]
async fn a_compiler_ends_with_its_host() {
    let (registry, mut host) = start_beside_a_bystander().await;
    let compiler = compiler_of(&host, &registry).await;
    host.kill();
    // A process is a zombie until its parent has waited for it.
    let has_ended = async || file_of(compiler, "stat").is_none_or(|stat| stat.contains(") Z "));
    wait_until("its end", SECONDS_MAX, has_ended).await;
}

/// They share a folder of compiled code.
#[tokio::test]
async fn processes_that_compile_the_same_component_at_once() {
    let folder = tempdir().expect("a temporary folder");
    let cache = folder.path().join("cache").display().to_string();
    let registry = beside_a_bystander(version("version-a"));
    registry.host("cache", cache).write(folder.path());
    let mut checks = JoinSet::new();
    for _process in 0..4 {
        let folder = folder.path().to_owned();
        checks.spawn_blocking(move || run(&folder, &["check"]));
    }
    for outcome in checks.join_all().await {
        outcome.assert_success();
    }
}
