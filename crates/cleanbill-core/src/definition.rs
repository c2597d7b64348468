use crate::Sha256Digest;

/// Says what kind of thing a definition is: what a model or an agent is told without anybody seeing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A chat template.
    ChatTemplate,
    /// A server of an agent.
    McpServer,
    /// A tool that a model may call.
    Tool,
    /// A file from which agents take instructions: a skill, a rule, a system prompt.
    Instructions,
}

impl DefinitionKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::ChatTemplate,
        Self::McpServer,
        Self::Tool,
        Self::Instructions,
    ];

    /// Returns the word that documents use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatTemplate => "chat-template",
            Self::McpServer => "mcp-server",
            Self::Tool => "tool",
            Self::Instructions => "instructions",
        }
    }

    /// Reads the word that documents use.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Names one thing that a target defines, with the digest of what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    /// Path of the artifact relative to the target, with `/`.
    pub artifact: String,
    /// What kind of thing it is.
    pub kind: DefinitionKind,
    /// Its name in the artifact; of several with one name, the later ones are numbered.
    pub name: String,
    /// SHA-256 of what it says, in one form whatever the order of keys and the escapes were.
    pub sha256: Sha256Digest,
}
