use crate::{
    SampleError, content,
    lines::{self, Result, nodes},
};

/// What a sample says must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Number of its line.
    pub line: usize,
    /// What is expected: `formats`, `anomaly`, `verdict`...
    pub subject: String,
    /// The expected value.
    pub value: String,
}

/// One file of the tree that a sample describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFile {
    /// Relative path with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A file tree described in text, with what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Expectations, in the order of their lines.
    pub expectations: Vec<Expectation>,
    /// Files, in the order of their lines.
    pub files: Vec<SampleFile>,
}

impl Sample {
    /// Reads the text of a `*.sample` file and builds every file that it describes.
    pub fn parse(text: &str) -> std::result::Result<Self, SampleError> {
        let lines = lines::split(text, 0)?;
        let starts: Vec<usize> = (0..lines.len())
            .filter(|&at| lines[at].text.starts_with("--- "))
            .collect();
        let first = starts.first().copied().unwrap_or(lines.len());
        let expectations = expectations(&lines[..first])?;
        let mut files: Vec<SampleFile> = Vec::new();
        for (index, &start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).copied().unwrap_or(lines.len());
            let line = &lines[start];
            let path = line.text.strip_prefix("--- file ").unwrap_or_default().trim();
            let plain = path.split('/').all(|name| !matches!(name, "" | "." | ".."));
            if !plain || path.contains('\\') {
                return Err(SampleError::new(
                    line.number,
                    "a section begins with `--- file` and a relative path",
                ));
            }
            if files.iter().any(|file| file.path == path) {
                return Err(SampleError::new(
                    line.number,
                    format!("`{path}` is described twice"),
                ));
            }
            files.push(SampleFile {
                path: path.to_owned(),
                bytes: content::build(&lines[start + 1..end])?,
            });
        }
        if files.is_empty() {
            return Err(SampleError::new(lines.len().max(1), "no `--- file` section"));
        }
        Ok(Self { expectations, files })
    }

    /// Returns the expected values of one subject.
    pub fn expected<'a>(&'a self, subject: &'a str) -> impl Iterator<Item = &'a Expectation> {
        self.expectations
            .iter()
            .filter(move |expectation| expectation.subject == subject)
    }
}

fn expectations(lines: &[lines::Line]) -> Result<Vec<Expectation>> {
    let one = |node: &lines::Node<'_>| {
        let split = node
            .rest
            .split_once(':')
            .filter(|_| node.key == "expect" && node.body.is_empty());
        let (subject, value) =
            split.ok_or_else(|| node.error("expected `expect SUBJECT: VALUE` or `--- file PATH`"))?;
        Ok(Expectation {
            line: node.number,
            subject: subject.trim().to_owned(),
            value: value.trim().to_owned(),
        })
    };
    nodes(lines)?.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_expectations_and_files() {
        let text = "# An attack.\nexpect formats: pickle\nexpect anomaly: x\n\n--- file a/b.pkl\npickle:\n  NONE\n  STOP\n--- file c.txt\ntext:\n  hi\n";
        let sample = Sample::parse(text).unwrap();
        assert_eq!(
            sample
                .expected("formats")
                .map(|one| one.value.as_str())
                .collect::<Vec<_>>(),
            ["pickle"]
        );
        assert_eq!(sample.files.len(), 2);
        assert_eq!(
            sample.files[0],
            SampleFile {
                path: "a/b.pkl".to_owned(),
                bytes: b"N.".to_vec()
            }
        );
        assert_eq!(sample.files[1].bytes, b"hi\n");
    }

    #[test]
    fn refusals_name_the_line() {
        let error = |text: &str| Sample::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("want x\n--- file a\n"),
            "line 1: expected `expect SUBJECT: VALUE` or `--- file PATH`"
        );
        assert_eq!(
            error("--- file ../a\n"),
            "line 1: a section begins with `--- file` and a relative path"
        );
        assert_eq!(
            error("--- file a\n--- file a\n"),
            "line 2: `a` is described twice"
        );
        assert_eq!(
            error("--- file a\nhex: 0\n"),
            "line 2: `0` has an odd number of digits"
        );
        assert_eq!(error(""), "line 1: no `--- file` section");
    }
}
