//! Version 1 of a callee, repaired: the interface is the same.

versions::quoter_1!();
