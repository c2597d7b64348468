//! Reads statements: refuses what two readers could understand differently, and what the format does not know.

use std::collections::BTreeSet;

use super::{
    Algorithm, OLD_PREDICATE_TYPE, PREDICATE_TYPE, Resource, STATEMENT_TYPE, Serialization, Statement, shards,
};
use crate::{
    digest::parse_hex,
    json::{self, Fields, Value},
    limits,
    refusal::{Document, NameProblem, Refusal},
    walk::{IgnorePaths, check_name},
};

impl Statement {
    /// Reads the bytes that were signed.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Refusal> {
        let value = json::read(Document::Statement, bytes)?;
        let mut fields = Fields::of(Document::Statement, "", &value)?;
        check_type(&mut fields)?;
        let found = fields.text("predicateType")?;
        let statement = match found {
            PREDICATE_TYPE => current(&mut fields)?,
            OLD_PREDICATE_TYPE => old(&mut fields)?,
            _ => {
                return Err(Refusal::PredicateType {
                    found: found.to_owned(),
                });
            }
        };
        fields.finish()?;
        check_names(&statement)?;
        Ok(statement)
    }
}

/// Refuses what is no in-toto statement of version 1.
pub(crate) fn check_type(fields: &mut Fields<'_>) -> Result<(), Refusal> {
    match fields.text("_type")? {
        STATEMENT_TYPE => Ok(()),
        found => Err(Refusal::StatementType {
            found: found.to_owned(),
        }),
    }
}

/// Makes the list of files that the subjects of a claim are: the digest of the whole, the rules, and name and digest of each file.
pub(crate) fn from_subjects(
    name: &str,
    stated: &str,
    rules_value: Fields<'_>,
    files: &[(String, String)],
) -> Result<Statement, Refusal> {
    let rules = rules(rules_value)?;
    if rules.serialization != Serialization::Files {
        return Err(Refusal::SerializationMethod {
            found: rules.serialization.as_str().to_owned(),
        });
    }
    if rules.algorithm != Algorithm::Sha256 {
        return Err(Refusal::HashType {
            found: rules.algorithm.as_str().to_owned(),
        });
    }
    if files.len() > limits::RESOURCES {
        return Err(Refusal::TooManyResources);
    }
    let mut resources = Vec::with_capacity(files.len());
    for (name, stated) in files {
        resources.push(Resource {
            name: name.clone(),
            digest: digest(stated, name, Algorithm::Sha256)?,
        });
    }
    let statement = rules.statement(name.to_owned(), stated, resources)?;
    check_names(&statement)?;
    Ok(statement)
}

fn current(fields: &mut Fields<'_>) -> Result<Statement, Refusal> {
    let subjects = fields.list("subject")?;
    let [subject] = subjects else {
        return Err(Refusal::SubjectCount {
            count: subjects.len(),
        });
    };
    let mut subject = Fields::of(Document::Statement, "subject[0]", subject)?;
    let name = subject.optional_text("name")?.unwrap_or_default().to_owned();
    let stated = subject.object("digest")?.text("sha256")?.to_owned();
    let mut predicate = fields.object("predicate")?;
    let rules = rules(predicate.object("serialization")?)?;
    let resources = resources(predicate.list("resources")?, &rules)?;
    predicate.finish()?;
    rules.statement(name, &stated, resources)
}

struct Rules {
    serialization: Serialization,
    algorithm: Algorithm,
    allow_symlinks: bool,
    ignore_paths: Vec<String>,
}

impl Rules {
    /// Makes the list of files that were read by these rules, whose root digest must be the one that is stated.
    fn statement(self, name: String, stated: &str, resources: Vec<Resource>) -> Result<Statement, Refusal> {
        let statement = Statement {
            name,
            serialization: self.serialization,
            algorithm: self.algorithm,
            allow_symlinks: self.allow_symlinks,
            ignore_paths: self.ignore_paths,
            resources,
            is_old: false,
        };
        let computed = statement.root_digest();
        if stated != computed {
            return Err(Refusal::RootDigest {
                stated: stated.to_owned(),
                computed,
            });
        }
        Ok(statement)
    }
}

fn rules(mut fields: Fields<'_>) -> Result<Rules, Refusal> {
    let method = fields.text("method")?;
    let shard_size = match fields.optional("shard_size") {
        None => None,
        Some(Value::Number(size)) => Some(shards::whole(*size).ok_or(Refusal::ShardSize)?),
        Some(_) => return Err(Refusal::ShardSize),
    };
    let serialization = match (method, shard_size) {
        ("files", None) => Serialization::Files,
        ("shards", Some(size_bytes)) => Serialization::Shards { size_bytes },
        ("files" | "shards", _) => return Err(Refusal::ShardSize),
        (found, _) => {
            return Err(Refusal::SerializationMethod {
                found: found.to_owned(),
            });
        }
    };
    let found = fields.text("hash_type")?;
    let algorithm = Algorithm::parse(found).ok_or_else(|| Refusal::HashType {
        found: found.to_owned(),
    })?;
    let allow_symlinks = fields.flag("allow_symlinks")?;
    let mut paths = Vec::new();
    for path in fields.optional_list("ignore_paths")? {
        match path {
            Value::Text(path) => paths.push(path.clone()),
            _ => return Err(fields.wrong("ignore_paths", "a list of strings")),
        }
    }
    fields.finish()?;
    Ok(Rules {
        serialization,
        algorithm,
        allow_symlinks,
        ignore_paths: IgnorePaths::new(paths)?.as_slice().to_vec(),
    })
}

fn resources(items: &[Value], rules: &Rules) -> Result<Vec<Resource>, Refusal> {
    if items.len() > limits::RESOURCES {
        return Err(Refusal::TooManyResources);
    }
    let mut resources = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        // Resource descriptors of in-toto may carry more fields; none of them changes what these three mean.
        let mut fields = Fields::of(
            Document::Statement,
            &format!("predicate.resources[{index}]"),
            item,
        )?;
        let name = fields.text("name")?;
        let found = fields.text("algorithm")?;
        let is_announced = match rules.serialization {
            Serialization::Files => found == rules.algorithm.as_str(),
            Serialization::Shards { size_bytes } => shards::is_algorithm(found, rules.algorithm, size_bytes),
        };
        if !is_announced {
            return Err(Refusal::ResourceAlgorithm {
                name: name.to_owned(),
                found: found.to_owned(),
            });
        }
        resources.push(Resource {
            name: name.to_owned(),
            digest: digest(fields.text("digest")?, name, rules.algorithm)?,
        });
    }
    Ok(resources)
}

fn digest(text: &str, name: &str, algorithm: Algorithm) -> Result<Vec<u8>, Refusal> {
    parse_hex(text)
        .filter(|digest| digest.len() == algorithm.size_bytes())
        .ok_or_else(|| Refusal::ResourceDigest {
            name: name.to_owned(),
        })
}

/// Reads the list of version 0.2, whose files are the subjects.
fn old(fields: &mut Fields<'_>) -> Result<Statement, Refusal> {
    let subjects = fields.list("subject")?;
    if subjects.len() > limits::RESOURCES {
        return Err(Refusal::TooManyResources);
    }
    // Always there, and without meaning.
    fields.optional("predicate");
    let mut resources = Vec::with_capacity(subjects.len());
    for (index, subject) in subjects.iter().enumerate() {
        let mut subject = Fields::of(Document::Statement, &format!("subject[{index}]"), subject)?;
        let name = subject.text("name")?;
        let mut annotations = subject.object("annotations")?;
        let found = annotations.text("actual_hash_algorithm")?;
        if found != "file-sha256" {
            return Err(Refusal::ResourceAlgorithm {
                name: name.to_owned(),
                found: found.to_owned(),
            });
        }
        let stated = subject.object("digest")?.text("sha256")?;
        resources.push(Resource {
            name: name.to_owned(),
            digest: digest(stated, name, Algorithm::Sha256)?,
        });
    }
    Ok(Statement {
        name: String::new(),
        serialization: Serialization::Files,
        algorithm: Algorithm::Sha256,
        allow_symlinks: false,
        ignore_paths: Vec::new(),
        resources,
        is_old: true,
    })
}

/// Refuses names that lead out of the model, stand twice, or are the model itself beside others.
fn check_names(statement: &Statement) -> Result<(), Refusal> {
    if statement.resources.is_empty() {
        return Err(Refusal::NoResources);
    }
    let mut seen = BTreeSet::new();
    for resource in &statement.resources {
        let name = resource.name.as_str();
        let file = match statement.serialization {
            Serialization::Files => name,
            Serialization::Shards { .. } => {
                shards::parse_name(name)
                    .ok_or_else(|| Refusal::ShardRange {
                        name: name.to_owned(),
                    })?
                    .0
            }
        };
        // One file is a model too, and has no name within itself.
        if file != "." {
            check_name(file).map_err(|problem| Refusal::ResourceName {
                name: name.to_owned(),
                problem,
            })?;
        } else if statement.serialization == Serialization::Files && statement.resources.len() > 1 {
            return Err(Refusal::ResourceName {
                name: name.to_owned(),
                problem: NameProblem::NotNormal,
            });
        }
        if !seen.insert(name) {
            return Err(Refusal::ResourceTwice {
                name: name.to_owned(),
            });
        }
    }
    if let Serialization::Shards { size_bytes } = statement.serialization {
        shards::by_file(&statement.resources, size_bytes)?;
    }
    Ok(())
}
