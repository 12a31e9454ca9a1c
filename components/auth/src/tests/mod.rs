//! Goal and method: see each file.
