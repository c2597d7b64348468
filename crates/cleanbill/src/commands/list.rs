use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cleanbill_core::{ExitCode, Language};
use cleanbill_documents::terminal::{Style, columns, pad};
use serde_json::Value;

use crate::{
    failure::Failure,
    output::Output,
    reference::{Kind, topics},
    shell::Shell,
};

/// List what this build knows
#[derive(Args, Debug)]
pub(crate) struct List {
    /// What to list
    kind: Kind,
    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ListFormat,
    /// Write to this file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// A table
    Text,
    /// An array of objects, in English
    Json,
}

pub(crate) fn run(arguments: &List, shell: &Shell) -> Result<ExitCode, Failure> {
    let output = Output::new(arguments.output.as_ref());
    let language = shell.language;
    let listed = topics().into_iter().filter(|topic| topic.kind == arguments.kind);
    let document = match arguments.format {
        ListFormat::Json => {
            let list: Vec<Value> = listed
                .map(|topic| {
                    let mut object = serde_json::Map::new();
                    object.insert("id".to_owned(), topic.id.clone().into());
                    object.insert("title".to_owned(), topic.title.en().into());
                    for fact in topic.facts {
                        object.insert(fact.name.en().replace(' ', "_"), fact.json);
                    }
                    Value::Object(object)
                })
                .collect();
            format!("{:#}\n", Value::Array(list))
        }
        ListFormat::Text => {
            let mut rows: Vec<Vec<String>> = Vec::new();
            for topic in listed {
                if rows.is_empty() {
                    let mut head = vec![match language {
                        Language::English => "id".to_owned(),
                        Language::Chinese => "标识".to_owned(),
                    }];
                    head.extend(topic.facts.iter().map(|fact| fact.name.get(language).to_owned()));
                    head.push(match language {
                        Language::English => "title".to_owned(),
                        Language::Chinese => "说明".to_owned(),
                    });
                    rows.push(head);
                }
                let mut row = vec![topic.id.clone()];
                row.extend(topic.facts.iter().map(|fact| fact.shown.clone()));
                row.push(topic.title.get(language).to_owned());
                rows.push(row);
            }
            table(&rows, shell, &output)
        }
    };
    output.write(document.as_bytes())?;
    Ok(ExitCode::Pass)
}

/// Sets rows in columns; the first row is the head.
fn table(rows: &[Vec<String>], shell: &Shell, output: &Output) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..count)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| columns(cell)).max().unwrap_or(0)
        })
        .collect();
    let color = shell.color(output);
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| pad(cell, *width))
            .collect();
        let line = cells.join("  ");
        let line = line.trim_end();
        let painted = if index == 0 {
            color.paint(Style::Faint, line)
        } else {
            line.to_owned()
        };
        out.push_str(&painted);
        out.push('\n');
    }
    out
}
