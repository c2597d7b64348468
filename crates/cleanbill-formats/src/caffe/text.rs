//! Networks in text.

use std::ops::Range;

use super::{BROKEN, LIMIT, Layer, TEXT_BYTES, View};
use crate::{
    Input,
    bytes::{SourceError, read_range, size_u64},
    notes::Notes,
    prototext::{Event, Reader, Trouble},
};

/// Where files are named: message of a layer, field, and both together.
const FILES: &[(&str, &str, &str)] = &[
    ("transform_param", "mean_file", "transform_param.mean_file"),
    ("data_param", "source", "data_param.source"),
    ("data_param", "mean_file", "data_param.mean_file"),
    ("hdf5_data_param", "source", "hdf5_data_param.source"),
    ("hdf5_output_param", "file_name", "hdf5_output_param.file_name"),
    ("image_data_param", "source", "image_data_param.source"),
    ("image_data_param", "mean_file", "image_data_param.mean_file"),
    ("image_data_param", "root_folder", "image_data_param.root_folder"),
    ("infogain_loss_param", "source", "infogain_loss_param.source"),
    ("window_data_param", "source", "window_data_param.source"),
    ("window_data_param", "mean_file", "window_data_param.mean_file"),
    (
        "window_data_param",
        "root_folder",
        "window_data_param.root_folder",
    ),
    ("layer", "source", "source"),
    ("layer", "meanfile", "meanfile"),
];

/// Reads every layer.
pub(super) fn read(input: &Input<'_>, view: &mut View, notes: &mut Notes) -> Result<(), SourceError> {
    let size = input.source.size();
    let text = read_range(input.source, 0..size, TEXT_BYTES)?;
    if size_u64(text.len()) < size {
        notes.push(&LIMIT, size_u64(text.len())..size, TEXT_BYTES.to_string());
    }
    let mut reader = Reader::new(&text);
    // Names of the messages that are open, with where each begins.
    let mut open: Vec<(String, u64)> = Vec::new();
    let mut layer = Layer::default();
    loop {
        match reader.next() {
            Ok(Some(Event::Enter { name, at })) => open.push((name, at)),
            Ok(Some(Event::Leave { at })) => {
                let Some((name, start)) = open.pop() else { continue };
                if open.is_empty() && matches!(name.as_str(), "layer" | "layers") {
                    view.take(std::mem::take(&mut layer), &(start..at), notes);
                }
            }
            Ok(Some(Event::Scalar { name, value, range })) => scalar(&open, &name, value, range, &mut layer),
            Ok(None) => return Ok(()),
            Err(trouble) => {
                let (Trouble::Syntax(at) | Trouble::End(at) | Trouble::Depth(at)) = trouble;
                notes.push(&BROKEN, at.min(size)..size, "");
                // What the layer named before the text broke off still counts.
                let start = open.first().map_or(at, |(_, start)| *start);
                if !open.is_empty() {
                    view.take(layer, &(start..at), notes);
                }
                return Ok(());
            }
        }
    }
}

fn scalar(open: &[(String, u64)], name: &str, value: String, range: Range<u64>, layer: &mut Layer) {
    let path: Vec<&str> = open.iter().map(|(name, _)| name.as_str()).collect();
    match path.as_slice() {
        ["layer" | "layers"] | ["layers", "layer"] if name == "type" => layer.kind = value,
        ["layer" | "layers"] | ["layers", "layer"] if name == "name" => layer.name = value,
        [_, "python_param"] if name == "module" => layer.module = value,
        [_, "python_param"] if name == "layer" => layer.class = value,
        [_, message] | [_, _, message] => {
            if let Some((.., field)) = FILES
                .iter()
                .find(|(one, field, _)| one == message && *field == name)
            {
                layer.files.push((field, value, range));
            }
        }
        _ => {}
    }
}
