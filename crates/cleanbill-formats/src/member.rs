use std::{ops::Range, sync::Arc};

use crate::codec::Codec;

/// Says what a loader of the container does with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The loader may open it as anything.
    Content,
    /// The loader copies the bytes into a tensor and never interprets them.
    RawData,
}

/// Says how to come by a member's bytes.
#[derive(Clone, Debug)]
pub enum Payload {
    /// The bytes stand in the container as they are.
    Section(Range<u64>),
    /// The bytes stand in the container encoded.
    Encoded {
        /// Where the encoded bytes are.
        range: Range<u64>,
        /// How they are encoded.
        codec: Codec,
        /// The decoded size that the container declares.
        declared: Option<u64>,
    },
    /// The parser already decoded the bytes.
    Owned(Arc<[u8]>),
    /// The format decodes the member itself, by this index (solid archives).
    Extract(u32),
    /// The bytes cannot be had; English and Simplified Chinese reason.
    Unreadable {
        /// Why, in English.
        en: String,
        /// Why, in Simplified Chinese.
        zh: String,
    },
}

/// Describes bytes within bytes: an archive entry, a compressed stream, a byte string inside a pickle.
#[derive(Clone, Debug)]
pub struct Member {
    /// Name as the container gives it, undecodable bytes replaced; never used as a path of this machine.
    pub name: String,
    /// How to come by its bytes.
    pub payload: Payload,
    /// What the loader does with it.
    pub role: Role,
}

impl Member {
    /// Describes a member that the loader may open.
    pub fn content(name: impl Into<String>, payload: Payload) -> Self {
        Self {
            name: name.into(),
            payload,
            role: Role::Content,
        }
    }
}
