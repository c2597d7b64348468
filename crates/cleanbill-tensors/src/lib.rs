//! Tensors of models, whatever the container: their bytes as streams, a digest for each, and what changed between two models.
//!
//! Readers of `cleanbill-formats` say where tensors stand; nothing here unpickles, opens files or touches the network. A model
//! is a set of named sources of bytes that the caller opens. Memory does not grow with the tensors.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unreachable,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
    )
)]

mod compare;
mod containers;
mod diff;
mod element;
mod lineage;
mod manifest;
mod model;
mod number;
mod packed;
mod pairs;
mod peft;
mod settings;
mod spectrum;
mod tensor;
mod weights;

pub use containers::{Container, Problem};
pub use diff::{Question, diff};
pub use element::Element;
pub use manifest::manifest;
pub use model::{File, Model};
pub use tensor::{Tensor, TensorError};
