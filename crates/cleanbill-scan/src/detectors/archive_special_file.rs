//! Detector `archive-special-file`.

use cleanbill_core::{Severity, text};

use crate::{
    archives::{Kind, Series, entries},
    detector::detector,
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// An entry that becomes a device, named pipe or socket, or a file that runs with the rights of its owner or group.
    /// ## Why it matters
    /// Unpacked by an administrator, it opens raw disks, hangs readers or hands out rights. No model needs one.
    /// ## How it is decided
    /// By the kind of the entry and the bits 04000 and 02000 of the mode of files; folders may have the latter.
    /// ## What it misses
    /// Formats that record no mode.
    /// ## What to do
    /// Do not unpack it with more rights than a plain user has.
    /// ## References
    /// CWE-732; the filter `data` of Python's `tarfile` refuses the same.
    id: "archive-special-file",
    title: "Device, pipe or set-user file in an archive", "归档中的设备、管道或 setuid 文件",
    severity: High, confidence: High,
    tags: &["CWE-732"], controls: &["MOD-01"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    let mut series = Series::new(sink);
    for entry in scene.parsed.iter().flat_map(entries) {
        let mode = entry.mode & 0o7777;
        let message = match entry.kind {
            Kind::Special => text!("an entry is a device, pipe or socket", "条目是设备、管道或套接字"),
            Kind::File if mode & 0o6000 != 0 => {
                text!(
                    "an entry runs with its owner's rights (mode {mode:o})",
                    "条目以其所有者的权限运行（模式 {mode:o}）"
                )
            }
            _ => continue,
        };
        let hint = text!(
            "unpack it as a plain user, or not at all",
            "以普通用户身份解包，或不要解包"
        );
        series.report(Severity::High, entry.range, message, &entry.name, hint);
    }
}

#[cfg(test)]
mod tests {
    use crate::archives::tests::{Item, findings, item, tar, zip};

    #[test]
    fn kinds_and_modes_are_looked_at() {
        let id = "archive-special-file";
        let bytes = tar(&[
            ("dev", b'3', "", 0o644),
            ("pipe", b'6', "", 0o644),
            ("suid", b'0', "", 0o4755),
            ("shared", b'5', "", 0o2755),
            ("plain", b'0', "", 0o755),
        ]);
        assert_eq!(findings(id, &bytes), ["high dev", "high pipe", "high suid"]);
        let suid = Item {
            mode: 0o104_755,
            ..item("s", b"x")
        };
        assert_eq!(findings(id, &zip(&[suid])), ["high s"]);
    }
}
