//! Detector `dependency-look-alike`.

use cleanbill_core::text;

use crate::{
    detector::detector,
    names::{How, look_alike, package_names},
    scene::Scene,
    sink::Sink,
};

detector! {
    /// ## What it finds
    /// Packages of Python and npm whose name is nearly that of a well-known one: one letter more, less, other or swapped,
    /// letters of another script, digits for letters, other separators, a scope joined to the name (`types-node` for
    /// `@types/node`). In lists and locks, in `pip install` of recipes and pipelines, in what servers of agents are fetched by.
    /// ## Why it matters
    /// Such names are registered for people who mistype, and for assistants that invent names. Installing runs the package.
    /// ## How it is decided
    /// Against lists of well-known names (`crates/cleanbill-scan/packages/`), which `scripts/well_known_names.py` makes out of
    /// rankings by downloads, requirements of packages of machine learning and OSV records, with their legitimate neighbours:
    /// a name that is itself popular is never reported. `high`: letters or digits that look alike, and a slip of the fingers in a
    /// name among the most used (of six letters and more): two letters swapped, one doubled or left out, the key beside the right
    /// one. `medium`: any other letter, names less used (of seven letters and more), separators, a scope taken from `@types`. `low`:
    /// other scopes, and separators of npm, which takes no new name that differs by them alone. A package below a scope that has
    /// well-known packages passes: whoever holds the scope decides.
    /// ## What it misses
    /// Names that are new but not similar (see `name-not-known`); names similar to packages that the lists lack; two edits;
    /// words added to a name (`requests-flask`), which are plug-ins more often than attacks; Cargo and Go.
    /// ## What to do
    /// Compare the name with the project's own documentation. If it was installed, treat the machine as compromised.
    /// ## References
    /// CWE-506, MITRE ATLAS AML.T0010.001, AML.T0060.
    id: "dependency-look-alike",
    title: "Name of a package looks like another", "软件包名称与知名包相似",
    severity: High, confidence: Medium,
    tags: &["CWE-506", "AML.T0010.001", "AML.T0060"], controls: &["APP-02"],
    on: artifact => run,
}

fn run(scene: &Scene<'_>, sink: &mut Sink<'_>) {
    for one in package_names(scene) {
        let Some(found) = look_alike(one.kind, &one.name) else {
            continue;
        };
        let (name, real) = (&one.name, &found.real);
        let message = if found.how == How::Scope {
            text!(
                "`{name}` is not `{real}`: the scope is part of the name",
                "`{name}` 并非 `{real}`：作用域是名称的一部分"
            )
        } else {
            text!(
                "`{name}` looks like `{real}` and is another package",
                "`{name}` 与 `{real}` 相似，却是另一个软件包"
            )
        };
        sink.report(one.range.clone(), message)
            .severity(found.severity)
            .evidence(name);
    }
}

#[cfg(test)]
mod tests {
    use cleanbill_core::Severity;

    use crate::testing::check;

    #[test]
    fn names_one_letter_away_are_found() {
        use Severity::{High, Medium};
        for (name, severities) in [
            ("transfomers", &[High][..]),
            ("transformerss", &[High]),
            ("transformersx", &[Medium]),
            ("tensorfl0w", &[High]),
            ("trоch", &[High]),
            ("troch", &[High]),
            ("scikitlearn", &[Medium]),
            ("transformers", &[]),
            ("Scikit_Learn", &[]),
            ("dataset", &[]),
            ("my-internal-tool", &[]),
            ("faiss-gpu", &[]),
        ] {
            check(
                "dependency-look-alike",
                "requirements.txt",
                format!("{name}==1.0\n").as_bytes(),
                severities,
            );
        }
    }

    #[test]
    fn packages_of_npm_are_found_in_lists_and_behind_servers() {
        use Severity::{High, Low, Medium};
        for (name, requirement, severities) in [
            ("expresss", "^4.0.0", &[High][..]),
            ("crossenv", "1.0.0", &[Low]),
            ("types-node", "1.0.0", &[Medium]),
            ("express", "^4.0.0", &[]),
            ("expresss", "file:../expresss", &[]),
            ("express", "npm:expresss@4.0.0", &[High]),
            ("@acme/tool", "1.0.0", &[]),
        ] {
            let list = format!(r#"{{"name": "a", "dependencies": {{"{name}": "{requirement}"}}}}"#);
            check(
                "dependency-look-alike",
                "package.json",
                list.as_bytes(),
                severities,
            );
        }
        for (command, argument, severities) in [
            ("npx", "@modelcontextprotcol/sdk@1.0.0", &[High][..]),
            ("npx", "@modelcontextprotocol/server-filesystem", &[]),
            ("uvx", "reqeusts==2.0", &[High]),
            ("uvx", "mcp-server-fetch", &[]),
            ("docker", "expresss", &[]),
        ] {
            let servers =
                format!(r#"{{"mcpServers": {{"a": {{"command": "{command}", "args": ["{argument}"]}}}}}}"#);
            check(
                "dependency-look-alike",
                "mcp.json",
                servers.as_bytes(),
                severities,
            );
        }
    }
}
