//! A plan says what its text says, and a text that is not understood is refused by its word.

use super::*;

fn read(text: &str) -> Plan {
    text.parse().unwrap()
}

/// An error is for once, and a seed is zero, where a plan does not say.
#[test]
fn each_fault_is_read_with_its_words() {
    let error = |lasting| FaultKind::Error {
        operation: Operation::Write,
        code: Code::Enospc,
        lasting,
    };
    let power_loss = |seed| {
        let model = Model::Torn;
        FaultKind::PowerLoss(PowerLoss { model, seed })
    };
    let seed = format!("power-loss model=torn seed={}", u64::MAX);
    let (call, when) = (Call::CommitWith, When::After);
    let crash = FaultKind::Crash { call, when };
    let trap = FaultKind::Trap { call, when };
    for (words, kind) in [
        ("error op=write code=ENOSPC", error(Lasting::Once)),
        ("error op=write code=ENOSPC for=once", error(Lasting::Once)),
        ("error op=write code=ENOSPC for=good", error(Lasting::Good)),
        ("power-loss model=torn", power_loss(0)),
        (&*seed, power_loss(u64::MAX)),
        ("crash call=commit-with when=after", crash),
        ("trap call=commit-with when=after", trap),
    ] {
        for (word, store) in [("*", None), ("auth-2", Some("auth-2".to_owned()))] {
            let text = format!("{words} store={word} at=30");
            let fault = Fault {
                text: text.clone(),
                store,
                at: 30,
                kind,
            };
            assert_eq!(read(&text).faults, [fault]);
        }
    }
}

#[test]
fn settings_and_several_faults_make_a_plan() {
    let plan = read(
        "after-start; crash store=* call=commit when=after at=1; synchronous=normal; count; \
         error store=accounts op=write at=30 code=EIO; page-cache=/tmp/cache;",
    );
    assert!(plan.is_after_start && plan.is_synchronous_normal && plan.count);
    assert_eq!(plan.page_cache, Some("/tmp/cache".into()));
    let texts: Vec<_> = plan.faults.iter().map(|fault| &fault.text).collect();
    let crash = "crash store=* call=commit when=after at=1";
    let error = "error store=accounts op=write at=30 code=EIO";
    assert_eq!(texts, [crash, error]);
    assert_eq!(read(" ; "), Plan::default());
}

#[test]
fn what_is_not_understood_is_named() {
    for (text, why) in [
        ("eror store=a at=1", "`eror`"),
        ("after-starter", "`after-starter`"),
        ("after-start count", "`count`"),
        ("synchronous=off", "`synchronous=off`"),
        ("page-cache=", "`page-cache=`"),
        ("count store=a", "`count`"),
        ("error op=write at=1 code=EIO", "field `store`"),
        ("error store= op=write at=1 code=EIO", "`store` is empty"),
        ("error store=a op=erase at=1 code=EIO", "`erase`"),
        ("error store=a op=write at=0 code=EIO", "`0`"),
        ("error store=a op=write at=x code=EIO", "\"x\""),
        ("error store=a op=write at=1 code=EPERM", "`EPERM`"),
        ("error store=a op=write at=1 code=EIO for=ever", "`ever`"),
        ("error store=a op=write at=1 at=2 code=EIO", "`at=2`"),
        ("error store=a op=write at=1 code=EIO seed=1", "`seed`"),
        ("error store=a write at=1 code=EIO", "`write`"),
        ("power-loss store=a at=1 model=flip", "`flip`"),
        ("power-loss store=a at=1 model=drop seed=-1", "\"-1\""),
        ("crash store=a call=open when=after at=1", "`open`"),
        ("trap store=a call=begin when=during at=1", "`during`"),
        ("trap store=a call=begin at=1", "field `when`"),
    ] {
        let error = text.parse::<Plan>().unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}
