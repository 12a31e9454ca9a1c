//! A plan says what its text says, and a text that is not understood is refused by its word.

use super::*;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn read(text: &str) -> Plan {
    text.parse().unwrap()
}

#[test]
fn the_documented_faults_are_read() {
    let plan = read(
        "after-start; error store=accounts op=write at=30 code=EIO for=good; power-loss store=* at=17 model=torn seed=5; \
         crash store=transactions call=commit-later when=after at=3; trap store=accounts call=execute when=before at=2; \
         crash store=accounts call=commit-with when=before at=1; trap store=accounts call=begin-query when=after at=4; \
         synchronous=normal; count; page-cache=/tmp/cache",
    );
    let crash = |store: &str, call, when, at| Crash {
        store: Stores::Of(store.to_owned()),
        call,
        when,
        at,
    };
    let faults = vec![
        Fault::Error(IoError {
            store: Stores::Of("accounts".to_owned()),
            operation: Operation::Write,
            at: 30,
            code: Code::Eio,
            lasting: Lasting::Good,
        }),
        Fault::PowerLoss(PowerLoss {
            store: Stores::All,
            at: 17,
            model: Model::Torn,
            seed: 5,
        }),
        Fault::Crash(crash("transactions", Call::CommitLater, When::After, 3)),
        Fault::Trap(crash("accounts", Call::Execute, When::Before, 2)),
        Fault::Crash(crash("accounts", Call::CommitWith, When::Before, 1)),
        Fault::Trap(crash("accounts", Call::BeginQuery, When::After, 4)),
    ];
    let expected = Plan {
        is_after_start: true,
        is_synchronous_normal: true,
        count: true,
        page_cache: Some("/tmp/cache".into()),
        faults,
    };
    assert_eq!(plan, expected);
}

#[test]
fn an_error_is_for_once_and_a_seed_is_zero_where_the_plan_does_not_say() {
    let short = read("error store=a op=read at=1 code=ENOSPC; power-loss store=a at=1 model=drop");
    let long = read(
        "error store=a op=read at=1 code=ENOSPC for=once; power-loss store=a at=1 model=drop seed=0;",
    );
    assert_eq!(short, long);
}

#[test]
fn the_first_word_may_stand_before_a_fault_or_alone() {
    for text in ["after-start", " after-start ; ", "after-start count"] {
        assert!(read(text).is_after_start, "{text}");
    }
    assert!(read("after-start count").count);
    assert_eq!(read(" "), Plan::default());
}

#[test]
fn what_is_not_understood_is_named() {
    for (text, word) in [
        ("eror store=a", "eror"),
        ("after-starter", "after-starter"),
        ("count; after-start", "after-start"),
        ("synchronous=off", "synchronous=off"),
        ("page-cache=", "page-cache="),
        ("count store=a", "store=a"),
        ("error op=write at=1 code=EIO", "error"),
        ("error store= op=write at=1 code=EIO", "store="),
        ("error store=a op=erase at=1 code=EIO", "op=erase"),
        ("error store=a op=write at=0 code=EIO", "at=0"),
        ("error store=a op=write at=x code=EIO", "at=x"),
        ("error store=a op=write at=1 code=EPERM", "code=EPERM"),
        ("error store=a op=write at=1 code=EIO for=ever", "for=ever"),
        ("error store=a op=write at=1 at=2 code=EIO", "at=2"),
        ("error store=a op=write at=1 code=EIO seed=1", "seed=1"),
        ("error store=a write at=1 code=EIO", "write"),
        ("power-loss store=a at=1 model=flip", "model=flip"),
        ("power-loss store=a at=1 model=drop seed=-1", "seed=-1"),
        ("crash store=a call=open when=after at=1", "call=open"),
        ("trap store=a call=begin when=during at=1", "when=during"),
        ("trap store=a call=begin at=1", "trap"),
    ] {
        let error = text.parse::<Plan>().unwrap_err();
        assert_eq!(error.word, word, "{text}");
    }
}

fn store() -> impl Strategy<Value = Stores> {
    prop_oneof![Just(Stores::All), "[a-z][a-z-]{0,12}".prop_map(Stores::Of),]
}

fn crash() -> impl Strategy<Value = Crash> {
    let parts = (store(), select(Call::ALL), select(When::ALL), 1_u64..);
    parts.prop_map(|(store, call, when, at)| Crash {
        store,
        call,
        when,
        at,
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let operation = select(Operation::ALL);
    let lasting = select(Lasting::ALL);
    let error = (store(), operation, 1_u64.., select(Code::ALL), lasting).prop_map(
        |(store, operation, at, code, lasting)| {
            Fault::Error(IoError {
                store,
                operation,
                at,
                code,
                lasting,
            })
        },
    );
    let power_loss = (store(), 1_u64.., select(Model::ALL), any::<u64>()).prop_map(
        |(store, at, model, seed)| {
            Fault::PowerLoss(PowerLoss {
                store,
                at,
                model,
                seed,
            })
        },
    );
    prop_oneof![
        error,
        power_loss,
        crash().prop_map(Fault::Crash),
        crash().prop_map(Fault::Trap),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let page_cache = option::of("/[a-z.-]{1,20}".prop_map(PathBuf::from));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let faults = prop::collection::vec(fault(), 0..5);
    (flags, page_cache, faults).prop_map(
        |((is_after_start, is_synchronous_normal, count), page_cache, faults)| Plan {
            is_after_start,
            is_synchronous_normal,
            count,
            page_cache,
            faults,
        },
    )
}

proptest! {
    #[test]
    fn a_plan_is_read_back_from_its_own_text(plan in plan()) {
        prop_assert_eq!(read(&plan.to_string()), plan);
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "[a-z=;* 0-9-]{0,60}") {
        let _ = text.parse::<Plan>();
    }
}
