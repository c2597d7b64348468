//! The one place where the name of a target becomes a source of bytes.

use std::{io, path::Path};

use cleanbill_core::{Text, text};
use cleanbill_formats::limits::Limits;
use cleanbill_scan::source::{Folder, Listed, Source, Stdin, Target, TargetError, parse_target};

use crate::{environment::Remote, failure::Failure};

/// Holds a target that can be examined.
pub(crate) struct Resolved {
    /// Its bytes.
    pub(crate) source: Box<dyn Source>,
    /// Its name in the report.
    pub(crate) shown: String,
    /// What the person should know besides.
    pub(crate) notices: Vec<Text>,
}

/// Turns the name of a target into a source. What does not exist or does not answer is a source too, which lists itself as
/// unreadable: the report says so, and the verdict is incomplete. Only a name that cannot be one is wrong usage.
pub(crate) fn resolve(name: &str, limits: &Limits, remote: &Remote) -> Result<Resolved, Failure> {
    let local = |source: Box<dyn Source>, shown: &str| Resolved {
        source,
        shown: shown.to_owned(),
        notices: Vec::new(),
    };
    match parse_target(name).map_err(|error| refused(name, &error))? {
        Target::Stdin => Ok(match Stdin::read(&mut io::stdin().lock(), limits) {
            Ok(stdin) => local(Box::new(stdin), "stdin"),
            Err(error) => local(Box::new(Unreadable::new("stdin", error.text())), "stdin"),
        }),
        Target::Local(path) => Ok(local(Box::new(Folder::new(path, limits.folder_depth)), name)),
        #[cfg(feature = "http")]
        Target::Http(address) => remote::http(address, limits),
        #[cfg(feature = "hub")]
        Target::Hub(target) => remote::hub(name, target, limits, remote),
        #[cfg(feature = "object-store")]
        Target::Bucket(target) => remote::bucket(name, target, limits, remote),
        _ => {
            let _ = remote;
            let problem = text!("this build cannot read `{name}`", "此版本无法读取 `{name}`");
            Err(Failure::usage(problem)
                .hint(text!("fetch it first and scan the files", "请先下载，再扫描文件")))
        }
    }
}

/// Words the refusal of a name.
fn refused(name: &str, error: &TargetError) -> Failure {
    let message = match error {
        TargetError::Empty => text!("the target is empty", "目标为空"),
        TargetError::UnknownScheme { scheme, .. } => text!(
            "unknown scheme `{scheme}` in target `{name}`",
            "目标 `{name}` 的协议 `{scheme}` 未知"
        ),
        TargetError::Credentials => text!(
            "the target holds a user name or password",
            "目标中含有用户名或密码"
        ),
        other => text!("{other}", "目标 `{name}` 无效"),
    };
    Failure::usage(message).hint(error.hint())
}

/// Stands for a target that cannot be read.
struct Unreadable {
    path: String,
    reason: Text,
}

impl Unreadable {
    fn new(path: &str, reason: Text) -> Self {
        Self {
            path: path.to_owned(),
            reason,
        }
    }
}

impl Source for Unreadable {
    fn list(&self) -> Vec<Listed> {
        vec![Listed::Unreadable {
            path: self.path.clone(),
            reason: self.reason.clone(),
        }]
    }
}

#[cfg(feature = "http")]
mod remote {
    use cleanbill_formats::limits::Limits;
    use cleanbill_scan::source::{HttpFile, HttpOptions, RemoteError};

    use super::{Resolved, Unreadable};
    use crate::failure::Failure;

    pub(super) fn http(address: String, limits: &Limits) -> Result<Resolved, Failure> {
        // The query may hold a signature, so it stands in no report.
        let shown = address.split('?').next().unwrap_or_default().to_owned();
        let options = HttpOptions {
            address,
            limits: limits.clone(),
            ..HttpOptions::default()
        };
        match HttpFile::open(options) {
            Ok(file) => Ok(Resolved {
                shown: file.target().to_owned(),
                source: Box::new(file),
                notices: Vec::new(),
            }),
            Err(error) => unreachable_target(shown, &error),
        }
    }

    #[cfg(feature = "hub")]
    pub(super) fn hub(
        name: &str,
        target: cleanbill_scan::source::HubTarget,
        limits: &Limits,
        remote: &crate::environment::Remote,
    ) -> Result<Resolved, Failure> {
        use cleanbill_scan::source::{Hub, HubOptions, Secret};

        let mut options = HubOptions::new(target);
        options.limits = limits.clone();
        options.token = remote.hub_token.as_deref().map(Secret::new);
        if let Some(endpoint) = &remote.hub_endpoint {
            options.endpoint.clone_from(endpoint);
        }
        match Hub::open(options) {
            Ok(hub) => Ok(Resolved {
                shown: hub.target(),
                notices: hub.notices().to_vec(),
                source: Box::new(hub),
            }),
            Err(error) => unreachable_target(name.to_owned(), &error),
        }
    }

    #[cfg(feature = "object-store")]
    pub(super) fn bucket(
        name: &str,
        target: cleanbill_scan::source::BucketTarget,
        limits: &Limits,
        remote: &crate::environment::Remote,
    ) -> Result<Resolved, Failure> {
        use cleanbill_scan::source::{Bucket, BucketOptions};

        let mut options = BucketOptions::new(target, remote.providers.clone());
        options.limits = limits.clone();
        match Bucket::open(options) {
            Ok(bucket) => Ok(Resolved {
                shown: bucket.target().to_owned(),
                source: Box::new(bucket),
                notices: Vec::new(),
            }),
            Err(error) => unreachable_target(name.to_owned(), &error),
        }
    }

    fn unreachable_target(shown: String, error: &RemoteError) -> Result<Resolved, Failure> {
        let hint = error.hint();
        if matches!(error, RemoteError::Address { .. } | RemoteError::Option { .. }) {
            let failure = Failure::usage(error.text());
            return Err(match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            });
        }
        Ok(Resolved {
            source: Box::new(Unreadable::new(&shown, error.text())),
            shown,
            notices: hint.into_iter().collect(),
        })
    }
}

/// Says how the paths of a target's artifacts look where several targets share a report.
pub(crate) fn joined(target: &str, path: &str) -> String {
    let name = target.trim_end_matches(['/', '\\']);
    let last = Path::new(name).file_name().map(|last| last.to_string_lossy());
    // A single file lists itself under its own name.
    let itself = target == path;
    if itself || target == "-" || (last.is_some_and(|last| last == path) && !Path::new(target).is_dir()) {
        return if target == "-" {
            path.to_owned()
        } else {
            name.to_owned()
        };
    }
    format!("{name}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_several_targets_stand_below_their_names() {
        assert_eq!(joined("a/b/", "c/d"), "a/b/c/d");
        assert_eq!(joined("a/b.bin", "b.bin"), "a/b.bin");
        assert_eq!(joined("-", "stdin"), "stdin");
    }
}
