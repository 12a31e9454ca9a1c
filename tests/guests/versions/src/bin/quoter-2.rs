//! Version 2 of a callee: its interface has another type.

single::bindings!(Quoter, {
    path: "wit/quotes-2",
    world: "quoter",
});

use bindings::exports::tests::quotes::quotes::{Guest, Request as Question};

struct Quoter;

impl Guest for Quoter {
    fn quote(question: Question) -> Result<String, String> {
        if !question.gate.is_empty() {
            versions::gate::wait(&question.gate);
        }
        Ok("quoter-2".repeat(question.times as usize))
    }
}

versions::version!();
