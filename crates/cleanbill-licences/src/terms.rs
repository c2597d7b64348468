//! What a licence allows, demands and forbids, as data. How the words of `data/*.toml` become these types is in
//! `catalog/reader.rs`.

/// Says whether something is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Allowed.
    Yes,
    /// Not known here.
    #[default]
    Unknown,
    /// Not allowed.
    No,
}

/// Says whether commercial use is allowed, and until where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Commercial {
    /// Allowed.
    Yes,
    /// Allowed under conditions, of which each stated one must hold.
    Conditional {
        /// Above so many monthly users another licence is needed.
        monthly_users: Option<u64>,
        /// Above so many daily users another licence is needed.
        daily_users: Option<u64>,
        /// Above so much revenue a year, in US dollars, another licence is needed.
        yearly_revenue_usd: Option<u64>,
        /// The user must register first.
        registration: bool,
        /// Some or all commercial use needs a permission that is asked for.
        permission: bool,
    },
    /// Not known here.
    #[default]
    Unknown,
    /// Not allowed.
    No,
}

/// Says how far the licence reaches into what is built with the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Copyleft {
    /// Not at all.
    #[default]
    None,
    /// To changes of the work itself.
    Weak,
    /// To whatever is distributed as one work with it.
    Strong,
    /// To that, and to what is offered over a network.
    Network,
}

/// Says what is asked of a notice file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeFile {
    /// Nothing.
    #[default]
    None,
    /// One that is there must be kept.
    Keep,
    /// One with a stated sentence must accompany copies.
    Required,
}

/// Says whether the licence forbids uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseRestrictions {
    /// It does not.
    #[default]
    None,
    /// It does, by a list or a policy that binds the user.
    Policy,
    /// It does, and whoever passes the work or a derivative on must bind the next one to them.
    Carried,
}

/// Says what may be done with what the model puts out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputUse {
    /// Anything.
    Free,
    /// Not known here.
    #[default]
    Unknown,
    /// A model trained on it must carry a name or a mark.
    Naming,
    /// A model trained on it to perform alike counts as a derivative.
    Derivative,
    /// It must not improve other models.
    NoTraining,
    /// It is bound to non-commercial use as the model is.
    NonCommercial,
}

/// Says whether military use is forbidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Military {
    /// Not spoken of.
    #[default]
    Unmentioned,
    /// Forbidden by the licence or its policy.
    Forbidden,
}

/// Says what happens to whoever sues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Patents {
    /// Nothing is said.
    #[default]
    None,
    /// Rights end for whoever sues over the work.
    Terminates,
}

/// Names a region in which no rights are granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exclusion {
    /// ISO 3166 code of a country, or `EU`.
    pub region: String,
    /// Only for models of several modalities.
    pub multimodal_only: bool,
}

/// Says where facts about a licence come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Read from the text of the licence.
    #[default]
    Text,
    /// Taken from what the maker or others state about it.
    Secondary,
    /// Only the flags of the SPDX list: approved, libre, copyleft.
    Flags,
}

/// Holds what a licence allows, demands and forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent yes-or-no terms of a licence, each of which stands in the data by its name"
)]
pub struct Terms {
    /// Commercial use.
    pub commercial: Commercial,
    /// Making derivatives.
    pub derivatives: Permission,
    /// Passing the work on.
    pub redistribution: Permission,
    /// Reach into what is built with it.
    pub copyleft: Copyleft,
    /// Derivatives must be under the same licence.
    pub share_alike: bool,
    /// Authors must be named.
    pub attribution: bool,
    /// A copy of the licence must accompany the work.
    pub include_licence: bool,
    /// Changes must be stated.
    pub state_changes: bool,
    /// What is asked of a notice file.
    pub notice: NoticeFile,
    /// Words that products must show, such as `Built with Llama`.
    pub display: Option<String>,
    /// The words are asked for only above so many monthly users.
    pub display_from_monthly_users: Option<u64>,
    /// How the names of models built with it must begin.
    pub name_prefix: Option<String>,
    /// Forbidden uses.
    pub use_restrictions: UseRestrictions,
    /// Use of what the model puts out.
    pub outputs: OutputUse,
    /// Military use.
    pub military: Military,
    /// Suits over the work.
    pub patents: Patents,
    /// Regions left out.
    pub excluded: Vec<Exclusion>,
}

impl Commercial {
    /// Returns how narrow it is: 0 for allowed, 3 for not allowed.
    pub fn narrowness(&self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Unknown => 1,
            Self::Conditional { .. } => 2,
            Self::No => 3,
        }
    }
}

impl Terms {
    /// Returns how much is asked of the user, to choose the lightest of several alternatives. Terms that forbid weigh
    /// most, notices least.
    pub fn burden(&self) -> u32 {
        let commercial = u32::from(self.commercial.narrowness());
        let permission = |permission: Permission| match permission {
            Permission::Yes => 0_u32,
            Permission::Unknown => 4,
            Permission::No => 40,
        };
        let copyleft = match self.copyleft {
            Copyleft::None => 0_u32,
            Copyleft::Weak => 4,
            Copyleft::Strong => 12,
            Copyleft::Network => 16,
        };
        let restricted = match self.use_restrictions {
            UseRestrictions::None => 0_u32,
            UseRestrictions::Policy => 3,
            UseRestrictions::Carried => 5,
        };
        let small = [
            self.share_alike,
            self.attribution,
            self.include_licence,
            self.state_changes,
            self.display.is_some(),
            self.name_prefix.is_some(),
            !self.excluded.is_empty(),
            self.notice != NoticeFile::None,
        ];
        let small = small.iter().filter(|asked| **asked).count();
        [
            commercial.saturating_mul(20),
            permission(self.derivatives),
            permission(self.redistribution),
            copyleft,
            restricted,
            u32::try_from(small).unwrap_or(u32::MAX),
        ]
        .iter()
        .fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// Says whether `self` allows no more than `other` in every respect, and less in one.
    pub fn is_narrower_than(&self, other: &Self) -> bool {
        let pairs = [
            (self.commercial.narrowness(), other.commercial.narrowness()),
            (rank(self.derivatives), rank(other.derivatives)),
            (rank(self.redistribution), rank(other.redistribution)),
            (rank(self.copyleft), rank(other.copyleft)),
            (u8::from(self.share_alike), u8::from(other.share_alike)),
            (u8::from(self.attribution), u8::from(other.attribution)),
            (u8::from(self.state_changes), u8::from(other.state_changes)),
            (rank(self.use_restrictions), rank(other.use_restrictions)),
            (rank(self.military), rank(other.military)),
            (
                u8::from(!self.excluded.is_empty()),
                u8::from(!other.excluded.is_empty()),
            ),
        ];
        pairs.iter().all(|(mine, theirs)| mine >= theirs) && pairs.iter().any(|(mine, theirs)| mine > theirs)
    }
}

/// Gives the enums above a number, least demand first.
trait Ranked: Copy {
    fn number(self) -> u8;
}

fn rank(value: impl Ranked) -> u8 {
    value.number()
}

impl Ranked for Permission {
    fn number(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Unknown => 1,
            Self::No => 2,
        }
    }
}

impl Ranked for Copyleft {
    fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Weak => 1,
            Self::Strong => 2,
            Self::Network => 3,
        }
    }
}

impl Ranked for UseRestrictions {
    fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Policy => 1,
            Self::Carried => 2,
        }
    }
}

impl Ranked for Military {
    fn number(self) -> u8 {
        match self {
            Self::Unmentioned => 0,
            Self::Forbidden => 1,
        }
    }
}
