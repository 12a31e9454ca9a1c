//! Version 1 of a callee.

versions::quoter_1!();
