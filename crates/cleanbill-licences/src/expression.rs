//! Licence expressions: terms joined by AND and OR.

use std::fmt;

/// Names one licence of an expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// Id of the SPDX list, or `LicenseRef-...` for any other.
    pub id: String,
    /// Later versions are allowed too (`+`); GNU licences have ids of their own for this.
    pub or_later: bool,
    /// What stands after WITH.
    pub exception: Option<String>,
}

/// Holds a licence expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expression {
    /// One licence.
    Term(Term),
    /// All of them apply.
    All(Vec<Self>),
    /// One may be chosen.
    Any(Vec<Self>),
}

impl Term {
    /// Makes a term of an id alone.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            or_later: false,
            exception: None,
        }
    }

    /// Says whether the id is none of the SPDX list.
    pub fn is_custom(&self) -> bool {
        self.id.starts_with("LicenseRef-") || self.id.starts_with("DocumentRef-")
    }
}

impl Expression {
    /// Makes an expression of one id.
    pub fn of(id: impl Into<String>) -> Self {
        Self::Term(Term::new(id))
    }

    /// Joins expressions, taking together what is nested alike and leaving out what stands twice.
    pub(crate) fn join(all: bool, parts: Vec<Self>) -> Option<Self> {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            let inner = match part {
                Self::All(inner) if all => inner,
                Self::Any(inner) if !all => inner,
                other => vec![other],
            };
            for one in inner {
                if !flat.contains(&one) {
                    flat.push(one);
                }
            }
        }
        match flat.len() {
            0 => None,
            1 => flat.pop(),
            _ if all => Some(Self::All(flat)),
            _ => Some(Self::Any(flat)),
        }
    }

    /// Returns every term, in order.
    pub fn terms(&self) -> Vec<&Term> {
        let mut terms = Vec::new();
        let mut stack = vec![self];
        while let Some(part) = stack.pop() {
            match part {
                Self::Term(term) => terms.push(term),
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
            }
        }
        terms
    }

    /// Says whether the expression holds when a term holds by `holds`.
    pub fn holds(&self, holds: &mut impl FnMut(&Term) -> bool) -> bool {
        // Depth is bounded where expressions are read.
        match self {
            Self::Term(term) => holds(term),
            Self::All(parts) => parts.iter().all(|part| part.holds(holds)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(holds)),
        }
    }

    /// Chooses the lightest alternative wherever there is a choice, and returns the terms that then apply.
    pub fn lightest(&self, burden: &impl Fn(&Term) -> u32) -> Vec<&Term> {
        match self {
            Self::Term(term) => vec![term],
            Self::All(parts) => parts.iter().flat_map(|part| part.lightest(burden)).collect(),
            Self::Any(parts) => {
                let options = parts.iter().map(|part| part.lightest(burden));
                options
                    .min_by_key(|terms| terms.iter().map(|term| burden(term)).max().unwrap_or(0))
                    .unwrap_or_default()
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.id)?;
        if self.or_later {
            out.write_str("+")?;
        }
        if let Some(exception) = &self.exception {
            write!(out, " WITH {exception}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, word) = match self {
            Self::Term(term) => return term.fmt(out),
            Self::All(parts) => (parts, " AND "),
            Self::Any(parts) => (parts, " OR "),
        };
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.write_str(word)?;
            }
            match part {
                Self::Term(term) => term.fmt(out)?,
                inner => write!(out, "({inner})")?,
            }
        }
        Ok(())
    }
}
