//! The Python package `cleanbill`.
