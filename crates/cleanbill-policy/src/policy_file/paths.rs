//! Paths and addresses in the system file.

use crate::reader::{PathProblem, Problem};

const SCHEMES: [&str; 8] = [
    "hf://",
    "https://",
    "git+https://",
    "git+ssh://",
    "s3://",
    "gs://",
    "az://",
    "oci://",
];

/// Checks a path: relative, with `/`, and within the folder unless it says that it leads out.
pub(super) fn check(path: &str, outside: bool) -> Result<(), PathProblem> {
    if path.chars().any(char::is_control) {
        return Err(PathProblem::Character);
    }
    if path == "." {
        return Ok(());
    }
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    let is_absolute = path.starts_with('/') || has_drive;
    if is_absolute && !outside {
        return Err(PathProblem::Absolute);
    }
    if path.contains('\\') && !has_drive {
        return Err(PathProblem::NotNormal);
    }
    let mut inner = false;
    for part in path.strip_prefix('/').unwrap_or(path).split('/') {
        match part {
            ".." if !outside => return Err(PathProblem::Parent),
            // Out first, then in: what `x/..` means depends on links.
            ".." if inner || is_absolute => return Err(PathProblem::NotNormal),
            ".." => {}
            "" | "." => return Err(PathProblem::NotNormal),
            _ => inner = true,
        }
    }
    Ok(())
}

/// Checks where something comes from: an address of a known kind, without a password.
pub(super) fn check_source(source: &str) -> Result<(), Problem> {
    let rest = SCHEMES.iter().find_map(|scheme| source.strip_prefix(scheme));
    let Some(rest) = rest.filter(|rest| !rest.is_empty()) else {
        return Err(Problem::Source);
    };
    if source.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Problem::Source);
    }
    let authority = rest.split('/').next().unwrap_or_default();
    // `git@host` names a user and no secret; `name:password@host` and a token before `@` do.
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    // `hf://gpt2@main` names a revision; the digest of `oci://` stands behind the first `/`.
    let is_revision = source.starts_with("hf://");
    match user {
        Some(user) if !is_revision && user != "git" => Err(Problem::Credentials),
        _ => Ok(()),
    }
}

/// Returns the commit that a source names, where it names one in full: 40 or 64 hexadecimal digits after the last `@`.
pub(crate) fn commit(source: &str) -> Option<&str> {
    let (_, revision) = source.rsplit_once('@')?;
    let revision = revision.split(['#', '?']).next().unwrap_or_default();
    crate::revision::is_commit(revision).then_some(revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_folder_unless_they_say_so() {
        for (path, outside, problem) in [
            (".", false, None),
            ("models/llama", false, None),
            ("模型", false, None),
            ("../shared", false, Some(PathProblem::Parent)),
            ("../shared", true, None),
            ("a/../../b", true, Some(PathProblem::NotNormal)),
            ("a/../b", false, Some(PathProblem::Parent)),
            ("/srv/models", false, Some(PathProblem::Absolute)),
            ("/srv/models", true, None),
            ("/srv/../x", true, Some(PathProblem::NotNormal)),
            ("C:/models", false, Some(PathProblem::Absolute)),
            ("a//b", false, Some(PathProblem::NotNormal)),
            ("./a", false, Some(PathProblem::NotNormal)),
            ("a/", false, Some(PathProblem::NotNormal)),
            ("a\\b", false, Some(PathProblem::NotNormal)),
            ("a\nb", false, Some(PathProblem::Character)),
        ] {
            assert_eq!(check(path, outside).err(), problem, "{path} {outside}");
        }
    }

    #[test]
    fn sources_are_addresses_without_secrets() {
        for (source, problem) in [
            ("hf://acme/llama@main", None),
            ("git+https://example.org/acme/x.git@v1", None),
            ("git+ssh://git@example.org/acme/x.git", None),
            ("oci://example.org/x@sha256:00", None),
            ("oci://name:word@example.org/x", Some(Problem::Credentials)),
            ("hf://", Some(Problem::Source)),
            ("ftp://example.org/x", Some(Problem::Source)),
            ("http://example.org/x", Some(Problem::Source)),
            ("https://example.org/a b", Some(Problem::Source)),
            ("https://name:word@example.org/x", Some(Problem::Credentials)),
            ("git+https://token@example.org/x.git", Some(Problem::Credentials)),
        ] {
            assert_eq!(check_source(source).err(), problem, "{source}");
        }
    }

    #[test]
    fn only_a_whole_commit_is_one() {
        let whole = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(commit(&format!("hf://acme/x@{whole}")), Some(whole));
        for source in ["hf://acme/x", "hf://acme/x@main", "hf://acme/x@0123456"] {
            assert_eq!(commit(source), None, "{source}");
        }
    }
}
