use crate::{Coverage, CoverageState, Finding, Severity, Sha256Digest, Verdict};

/// Names the build that made a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolInfo {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 over the ids, settings and tables of all detectors of this build: two reports with the same digest looked for the same.
    pub detectors_digest: String,
}

/// Tells what was found out about one artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactReport {
    /// Path relative to the target, with `/`.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Digest, where it was asked for and all bytes were read.
    pub sha256: Option<Sha256Digest>,
    /// Ids of the formats recognised, outermost first.
    pub formats: Vec<String>,
    /// Verdict for this artifact alone.
    pub verdict: Verdict,
    /// How much was examined, members included.
    pub coverage: Coverage,
    /// How many members, at all depths, were examined inside it.
    pub members: u64,
}

/// Counts findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts {
    counts: [u64; 5],
}

impl SeverityCounts {
    /// Returns how many findings have `severity`.
    pub const fn get(&self, severity: Severity) -> u64 {
        self.counts[severity as usize]
    }

    /// Counts one finding.
    pub const fn add(&mut self, severity: Severity) {
        self.counts[severity as usize] += 1;
    }
}

/// Counts artifacts by coverage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoverageCounts {
    /// Examined in full.
    pub complete: u64,
    /// Examined in part.
    pub partial: u64,
    /// Not examined.
    pub skipped: u64,
}

/// Sums a report up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many artifacts.
    pub artifacts: u64,
    /// Their sizes added up, in bytes.
    pub bytes: u64,
    /// Findings by severity.
    pub findings: SeverityCounts,
    /// Artifacts by coverage.
    pub coverage: CoverageCounts,
}

/// Holds everything that one scan found out; the same bytes and the same build give the same report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The build that made it.
    pub tool: ToolInfo,
    /// What was scanned, as the caller named it.
    pub target: String,
    /// The verdict over all artifacts.
    pub verdict: Verdict,
    /// Counts.
    pub summary: Summary,
    /// Artifacts sorted by path.
    pub artifacts: Vec<ArtifactReport>,
    /// Findings sorted by artifact, member, byte range and detector.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Sorts artifacts and findings, counts them, and decides: fail wins over incomplete; no artifact at all is incomplete.
    pub fn assemble(
        tool: ToolInfo,
        target: String,
        mut artifacts: Vec<ArtifactReport>,
        mut findings: Vec<Finding>,
    ) -> Self {
        artifacts.sort_by(|left, right| left.path.cmp(&right.path));
        findings.sort_by(|left, right| {
            (&left.location, &left.detector, &left.message, &left.evidence).cmp(&(
                &right.location,
                &right.detector,
                &right.message,
                &right.evidence,
            ))
        });
        findings.dedup();
        let mut summary = Summary::default();
        for artifact in &artifacts {
            summary.artifacts += 1;
            summary.bytes = summary.bytes.saturating_add(artifact.size_bytes);
            match artifact.coverage.state() {
                CoverageState::Complete => summary.coverage.complete += 1,
                CoverageState::Partial => summary.coverage.partial += 1,
                CoverageState::Skipped => summary.coverage.skipped += 1,
            }
        }
        for finding in &findings {
            summary.findings.add(finding.severity);
        }
        let verdict = artifacts
            .iter()
            .map(|artifact| artifact.verdict)
            .reduce(Verdict::worse)
            .unwrap_or(Verdict::Incomplete);
        Self {
            tool,
            target,
            verdict,
            summary,
            artifacts,
            findings,
        }
    }
}
