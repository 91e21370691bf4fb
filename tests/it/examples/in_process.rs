//! The examples whose code is a part of this binary: their own tests, and steps that need a clock that does not wait.
