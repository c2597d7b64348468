//! Compares a lock with what was found. Every difference stands by itself; none is summed up or left out.

use std::collections::{BTreeMap, BTreeSet};

use cleanbill_core::{Language, Text, text};

use super::{FoundArtifact, Lock, LockedArtifact, LockedFile, Trouble, TroubleState, root_digest};

/// Names a way in which a system differs from its lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of each stand in `Difference::text`, once")]
pub enum DifferenceKind {
    ArtifactAdded,
    ArtifactRemoved,
    ArtifactMissing,
    ArtifactUnreadable,
    ArtifactRefused,
    ArtifactKind,
    ArtifactPath,
    ArtifactSource,
    ArtifactRevision,
    SourceContradicted,
    RootDigest,
    FileChanged,
    FileSize,
    FileMissing,
    FileExtra,
    FileRefused,
    FileUnreadable,
}

impl DifferenceKind {
    /// Returns the id: kebab-case, never changed once released.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ArtifactAdded => "artifact-added",
            Self::ArtifactRemoved => "artifact-removed",
            Self::ArtifactMissing => "artifact-missing",
            Self::ArtifactUnreadable => "artifact-unreadable",
            Self::ArtifactRefused => "artifact-refused",
            Self::ArtifactKind => "artifact-kind",
            Self::ArtifactPath => "artifact-path",
            Self::ArtifactSource => "artifact-source",
            Self::ArtifactRevision => "artifact-revision",
            Self::SourceContradicted => "source-contradicted",
            Self::RootDigest => "root-digest",
            Self::FileChanged => "file-changed",
            Self::FileSize => "file-size",
            Self::FileMissing => "file-missing",
            Self::FileExtra => "file-extra",
            Self::FileRefused => "file-refused",
            Self::FileUnreadable => "file-unreadable",
        }
    }

    /// Says whether it only means that something could not be read.
    pub const fn is_unreadable(self) -> bool {
        matches!(self, Self::ArtifactUnreadable | Self::FileUnreadable)
    }
}

/// Holds one difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What kind it is.
    pub kind: DifferenceKind,
    /// Of which artifact.
    pub artifact: String,
    /// Of which file of it.
    pub file: Option<String>,
    /// What the lock has.
    pub locked: Option<String>,
    /// What was found.
    pub found: Option<String>,
    /// Why something was not read.
    pub problem: Option<Text>,
    /// What to do about it.
    pub hint: Option<Text>,
}

impl Difference {
    /// Returns the words for people, without the artifact.
    pub fn text(&self) -> Text {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let (locked, found) = (shown(&self.locked), shown(&self.found));
        let file = shown(&self.file);
        let problem = self.problem.clone().unwrap_or_else(|| Text::same("-"));
        let (en, zh) = (problem.en(), problem.get(Language::Chinese));
        match self.kind {
            DifferenceKind::ArtifactAdded => text!("is not in the lock", "不在锁定文件中"),
            DifferenceKind::ArtifactRemoved => text!("is in the lock alone", "仅存在于锁定文件中"),
            DifferenceKind::ArtifactMissing => text!("is missing: {en}", "缺失：{zh}"),
            DifferenceKind::ArtifactUnreadable => text!("cannot be read: {en}", "无法读取：{zh}"),
            DifferenceKind::ArtifactRefused
            | DifferenceKind::FileRefused
            | DifferenceKind::FileUnreadable => problem,
            DifferenceKind::ArtifactKind => text!(
                "kind is {found}, locked as {locked}",
                "类型为 {found}，锁定为 {locked}"
            ),
            DifferenceKind::ArtifactPath => {
                text!(
                    "path is `{found}`, locked as `{locked}`",
                    "路径为 `{found}`，锁定为 `{locked}`"
                )
            }
            DifferenceKind::ArtifactSource => text!(
                "source is `{found}`, locked as `{locked}`",
                "来源为 `{found}`，锁定为 `{locked}`"
            ),
            DifferenceKind::ArtifactRevision => {
                text!(
                    "revision is {found}, locked as {locked}",
                    "修订为 {found}，锁定为 {locked}"
                )
            }
            DifferenceKind::SourceContradicted => text!(
                "revision is {found}, but its source names {locked}",
                "修订为 {found}，而来源指明 {locked}"
            ),
            DifferenceKind::RootDigest => text!(
                "the lock contradicts itself: its digest is {locked}, that of its files {found}",
                "锁定文件自相矛盾：其摘要为 {locked}，而文件的摘要为 {found}"
            ),
            DifferenceKind::FileChanged => text!(
                "`{file}` has other bytes: {found}, locked as {locked}",
                "`{file}` 的内容已改变：{found}，锁定为 {locked}"
            ),
            DifferenceKind::FileSize => text!(
                "`{file}` has {found} bytes, locked as {locked}",
                "`{file}` 有 {found} 字节，锁定为 {locked}"
            ),
            DifferenceKind::FileMissing => text!("`{file}` is missing", "缺少 `{file}`"),
            DifferenceKind::FileExtra => text!("`{file}` is not in the lock", "`{file}` 不在锁定文件中"),
        }
    }
}

/// Compares a lock with what was found; the result is sorted by artifact, file and kind.
pub fn compare(lock: &Lock, found: &[FoundArtifact]) -> Vec<Difference> {
    let locked: BTreeMap<&str, &LockedArtifact> = lock
        .artifacts
        .iter()
        .map(|artifact| (artifact.name.as_str(), artifact))
        .collect();
    let mut out = Out::default();
    let mut seen = BTreeSet::new();
    for one in found {
        let name = one.artifact.name.as_str();
        seen.insert(name);
        name.clone_into(&mut out.artifact);
        match locked.get(name) {
            Some(locked) => artifact(locked, one, &mut out),
            None => out.tell(DifferenceKind::ArtifactAdded, None, None, None),
        }
    }
    for (name, artifact) in &locked {
        (*name).clone_into(&mut out.artifact);
        if !seen.contains(name) {
            out.tell(DifferenceKind::ArtifactRemoved, None, None, None);
        }
        let computed = root_digest(&artifact.files);
        if computed != artifact.digest {
            let stated = artifact.digest.clone();
            out.tell(DifferenceKind::RootDigest, None, Some(stated), Some(computed));
        }
    }
    let key = |one: &Difference| (one.artifact.clone(), one.file.clone(), one.kind);
    out.list.sort_by_key(key);
    out.list
}

#[derive(Default)]
struct Out {
    artifact: String,
    list: Vec<Difference>,
}

impl Out {
    fn tell(
        &mut self,
        kind: DifferenceKind,
        file: Option<&str>,
        locked: Option<String>,
        found: Option<String>,
    ) {
        self.list.push(Difference {
            kind,
            artifact: self.artifact.clone(),
            file: file.map(str::to_owned),
            locked,
            found,
            problem: None,
            hint: None,
        });
    }

    fn trouble(&mut self, trouble: &Trouble) {
        let kind = match (trouble.state, &trouble.file) {
            (TroubleState::Absent, None) => DifferenceKind::ArtifactMissing,
            (TroubleState::Unreadable, None) => DifferenceKind::ArtifactUnreadable,
            (TroubleState::Refused, None) => DifferenceKind::ArtifactRefused,
            (TroubleState::Unreadable, Some(_)) => DifferenceKind::FileUnreadable,
            (TroubleState::Absent | TroubleState::Refused, Some(_)) => DifferenceKind::FileRefused,
        };
        self.list.push(Difference {
            kind,
            artifact: self.artifact.clone(),
            file: trouble.file.clone(),
            locked: None,
            found: None,
            problem: Some(trouble.text.clone()),
            hint: trouble.hint.clone(),
        });
    }
}

fn artifact(locked: &LockedArtifact, one: &FoundArtifact, out: &mut Out) {
    let found = &one.artifact;
    let text = |value: &str| Some(value.to_owned());
    if locked.kind != found.kind {
        let (locked, found) = (locked.kind.as_str(), found.kind.as_str());
        out.tell(DifferenceKind::ArtifactKind, None, text(locked), text(found));
    }
    if locked.path != found.path {
        out.tell(
            DifferenceKind::ArtifactPath,
            None,
            text(&locked.path),
            text(&found.path),
        );
    }
    if locked.source != found.source {
        let (locked, found) = (locked.source.clone(), found.source.clone());
        out.tell(DifferenceKind::ArtifactSource, None, locked, found);
    }
    for trouble in &one.troubles {
        out.trouble(trouble);
    }
    // Nothing was read, so that nothing can be compared.
    if one.troubles.iter().any(|trouble| trouble.file.is_none()) {
        return;
    }
    if locked.revision != found.revision {
        let shown = |artifact: &LockedArtifact| {
            let revision = artifact.revision.as_ref()?;
            Some(format!("{} ({})", revision.commit, revision.origin.as_str()))
        };
        out.tell(
            DifferenceKind::ArtifactRevision,
            None,
            shown(locked),
            shown(found),
        );
    }
    if let Some((stated, revision)) = found.contradiction() {
        out.tell(
            DifferenceKind::SourceContradicted,
            None,
            text(stated),
            text(revision),
        );
    }
    files(locked, one, out);
}

fn by_path(files: &[LockedFile]) -> BTreeMap<&str, &LockedFile> {
    files.iter().map(|file| (file.path.as_str(), file)).collect()
}

fn files(locked: &LockedArtifact, one: &FoundArtifact, out: &mut Out) {
    let (locked, found) = (by_path(&locked.files), by_path(&one.artifact.files));
    let troubles = one.troubles.iter();
    let told: BTreeSet<&str> = troubles.filter_map(|trouble| trouble.file.as_deref()).collect();
    for (path, file) in &locked {
        match found.get(path) {
            None => {
                if !told.contains(path) {
                    out.tell(
                        DifferenceKind::FileMissing,
                        Some(path),
                        Some(file.sha256.clone()),
                        None,
                    );
                }
            }
            Some(other) if other.size_bytes != file.size_bytes => out.tell(
                DifferenceKind::FileSize,
                Some(path),
                Some(file.size_bytes.to_string()),
                Some(other.size_bytes.to_string()),
            ),
            Some(other) if other.sha256 != file.sha256 => out.tell(
                DifferenceKind::FileChanged,
                Some(path),
                Some(file.sha256.clone()),
                Some(other.sha256.clone()),
            ),
            Some(_) => {}
        }
    }
    for (path, file) in found.iter().filter(|(path, _)| !locked.contains_key(**path)) {
        out.tell(
            DifferenceKind::FileExtra,
            Some(path),
            None,
            Some(file.sha256.clone()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::lock, *};

    fn found() -> Vec<FoundArtifact> {
        let artifacts = lock().artifacts.into_iter();
        artifacts
            .map(|artifact| FoundArtifact {
                artifact,
                troubles: Vec::new(),
            })
            .collect()
    }

    #[track_caller]
    fn check(change: impl Fn(&mut Vec<FoundArtifact>), expected: &[&str]) {
        let mut found = found();
        change(&mut found);
        let differences = compare(&lock(), &found);
        let kinds: Vec<&str> = differences.iter().map(|one| one.kind.id()).collect();
        assert_eq!(kinds, expected);
        for one in &differences {
            let text = one.text();
            assert!(!text.en().is_empty() && !text.get(Language::Chinese).is_empty());
        }
    }

    #[test]
    fn each_difference_is_told_by_itself() {
        let trouble = |file: Option<&str>, state| Trouble {
            file: file.map(str::to_owned),
            state,
            text: Text::same("why"),
            hint: None,
        };
        check(|_| {}, &[]);
        check(|found| drop(found.remove(0)), &["artifact-removed"]);
        check(
            |found| found[0].artifact.name = ArtifactName::parse("acme/three").expect("a name"),
            &["artifact-removed", "artifact-added"],
        );
        check(
            |found| found[0].artifact.kind = crate::policy_file::Kind::Code,
            &["artifact-kind"],
        );
        check(|found| found[0].artifact.path.push('x'), &["artifact-path"]);
        check(|found| found[0].artifact.source = None, &["artifact-source"]);
        check(|found| found[0].artifact.revision = None, &["artifact-revision"]);
        check(
            |found| found[0].artifact.source = Some(format!("hf://acme/one@{}", "0".repeat(40))),
            &["artifact-source", "source-contradicted"],
        );
        check(|found| found[0].artifact.files[0].size_bytes = 9, &["file-size"]);
        check(
            |found| found[0].artifact.files[0].sha256 = "2".repeat(64),
            &["file-changed"],
        );
        check(|found| drop(found[0].artifact.files.remove(0)), &["file-missing"]);
        check(
            |found| found[0].artifact.files[0].path.push('x'),
            &["file-missing", "file-extra"],
        );
        for (state, whole, file) in [
            (TroubleState::Absent, "artifact-missing", "file-refused"),
            (TroubleState::Unreadable, "artifact-unreadable", "file-unreadable"),
            (TroubleState::Refused, "artifact-refused", "file-refused"),
        ] {
            check(
                |found| {
                    found[0].artifact.files.clear();
                    found[0].troubles.push(trouble(None, state));
                },
                &[whole],
            );
            check(
                |found| {
                    let gone = found[0].artifact.files.remove(0);
                    found[0].troubles.push(trouble(Some(&gone.path), state));
                },
                &[file],
            );
        }
    }

    #[test]
    fn a_lock_that_contradicts_itself_is_told() {
        let mut other = lock();
        other.artifacts[1].digest = "0".repeat(64);
        let differences = compare(&other, &found());
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].kind, DifferenceKind::RootDigest);
    }

    use crate::name::ArtifactName;
}
