//! Limits and isolation for programs that nobody trusts.
