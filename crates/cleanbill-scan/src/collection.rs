use crate::{
    Detector,
    facts::Facts,
    sink::{Said, Sink},
};

/// Holds the files of one folder, for checks that span files: a model is a folder, and its parts must agree.
#[derive(Debug)]
pub struct Collection<'a> {
    /// The folder, relative to the target; empty for the target itself.
    pub folder: &'a str,
    /// What is known of each file in it, by path; files of folders below are in collections of their own.
    pub files: Vec<&'a Facts>,
}

impl<'a> Collection<'a> {
    /// Sorts artifacts into their folders.
    pub(crate) fn gather(facts: &'a [Facts]) -> Vec<Self> {
        let place = |one: &'a Facts| (one.folder(), one.name(), one);
        let mut sorted: Vec<(&str, &str, &Facts)> = facts.iter().map(place).collect();
        sorted.sort_by_key(|(folder, name, _)| (*folder, *name));
        sorted
            .chunk_by(|(one, ..), (other, ..)| one == other)
            .filter_map(|files| {
                Some(Self {
                    folder: files.first()?.0,
                    files: files.iter().map(|(.., file)| *file).collect(),
                })
            })
            .collect()
    }

    /// Returns the file of this name.
    pub fn file(&self, name: &str) -> Option<&'a Facts> {
        self.files.iter().copied().find(|file| file.name() == name)
    }
}

/// Takes the findings of one detector about one collection.
#[derive(Debug)]
pub struct CollectionSink<'a> {
    detector: &'static Detector,
    said: &'a mut Said,
}

impl<'a> CollectionSink<'a> {
    pub(crate) fn new(detector: &'static Detector, said: &'a mut Said) -> Self {
        Self { detector, said }
    }

    /// Returns a sink for findings about `file`.
    pub fn at<'b>(&'b mut self, file: &'b Facts) -> Sink<'b> {
        Sink::new(self.detector, &file.path, None, self.said)
    }
}
