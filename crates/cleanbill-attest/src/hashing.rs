//! Reads files and parts of files and gives their digests, on several threads.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    num::NonZeroUsize,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::{
    digest::{Algorithm, Hasher},
    limits,
    refusal::Refusal,
};

/// Is told how far reading is, from several threads.
pub trait Observer: Sync {
    /// So many files will be read.
    fn files(&self, count: usize);
    /// One more was read.
    fn read(&self, size_bytes: u64);
}

/// Takes no notice.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

impl Observer for Quiet {
    fn files(&self, _count: usize) {}
    fn read(&self, _size_bytes: u64) {}
}

/// Holds what is to be read.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    /// Where it begins and ends; the whole file where absent.
    pub(crate) range: Option<(u64, u64)>,
    /// Bytes that are likely to be read, to begin with the longest.
    pub(crate) size_bytes: u64,
}

/// Holds what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hashed {
    pub(crate) digest: Vec<u8>,
    pub(crate) size_bytes: u64,
}

/// Says why a file has no digest.
#[derive(Debug)]
pub(crate) enum Unhashed {
    Unreadable(io::Error),
    /// Size or time of the last change were others afterwards.
    InFlux,
}

impl Unhashed {
    /// Says so of a file.
    pub(crate) fn refusal(self, name: String) -> Refusal {
        match self {
            Self::InFlux => Refusal::FileInFlux { name },
            Self::Unreadable(error) => Refusal::FileUnreadable {
                name,
                problem: error.to_string(),
            },
        }
    }
}

/// Hashes every job; results stand in the order of the jobs.
///
/// Each thread reads two files in turn and hashes them together, as long as there are more files than threads.
pub(crate) fn hash(
    jobs: &[Job],
    algorithm: Algorithm,
    threads: NonZeroUsize,
    observer: &dyn Observer,
) -> Vec<Result<Hashed, Unhashed>> {
    observer.files(jobs.len());
    // The longest first, so that no thread begins a long file when the others are done.
    let mut order: Vec<(usize, &Job)> = jobs.iter().enumerate().collect();
    order.sort_by_key(|(_, job)| std::cmp::Reverse(job.size_bytes));
    let count = threads.get().min(jobs.len());
    // Every thread has a file of its own before any has two.
    let (own, shared) = order.split_at_checked(count).unwrap_or_default();
    let next = AtomicUsize::new(0);
    let take = || shared.get(next.fetch_add(1, Ordering::Relaxed)).copied();
    let work = |first| Worker::new(algorithm, observer).work(first, &take);
    let mut results = thread::scope(|scope| {
        let mut own = own.iter().copied();
        let mine = own.next();
        let others: Vec<_> = own.map(|first| scope.spawn(move || work(Some(first)))).collect();
        let mut all = work(mine);
        for other in others {
            match other.join() {
                Ok(part) => all.extend(part),
                // A bug of ours is told as one.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// What was read of a job, by its place among the jobs.
type Done = (usize, Result<Hashed, Unhashed>);

/// Reads jobs, two at a time.
struct Worker<'a> {
    algorithm: Algorithm,
    observer: &'a dyn Observer,
    done: Vec<Done>,
}

impl<'a> Worker<'a> {
    fn new(algorithm: Algorithm, observer: &'a dyn Observer) -> Self {
        Self {
            algorithm,
            observer,
            done: Vec::new(),
        }
    }

    /// Reads the first job and then whatever `take` gives.
    fn work<'j>(
        mut self,
        first: Option<(usize, &'j Job)>,
        take: &dyn Fn() -> Option<(usize, &'j Job)>,
    ) -> Vec<Done> {
        let mut buffers = [Buffer::default(), Buffer::default()];
        let mut first = first;
        let [mut one, mut two] = [None, None];
        loop {
            let [one_buffer, two_buffer] = &mut buffers;
            self.fill(&mut one, one_buffer, &mut || first.take().or_else(take));
            self.fill(&mut two, two_buffer, &mut || take());
            match (&mut one, &mut two) {
                (Some(one), Some(two)) => {
                    // As many bytes of both; what one has more waits for the other's next.
                    let count = one_buffer.ready().len().min(two_buffer.ready().len());
                    Hasher::update_both(
                        (&mut one.hasher, one_buffer.take(count)),
                        (&mut two.hasher, two_buffer.take(count)),
                    );
                }
                (Some(reading), None) => reading.hasher.update(one_buffer.take(usize::MAX)),
                (None, Some(reading)) => reading.hasher.update(two_buffer.take(usize::MAX)),
                (None, None) => return self.done,
            }
        }
    }

    /// Reads until there are bytes to hash, through as many jobs as it takes; leaves none where there are no more.
    fn fill<'j>(
        &mut self,
        reading: &mut Option<Reading>,
        buffer: &mut Buffer,
        take: &mut dyn FnMut() -> Option<(usize, &'j Job)>,
    ) {
        while buffer.ready().is_empty() {
            if let Some(mut open) = reading.take() {
                match open.read(buffer) {
                    Ok(0) => self.end(open.index, open.end()),
                    Ok(_) => *reading = Some(open),
                    Err(error) => self.end(open.index, Err(Unhashed::Unreadable(error))),
                }
            } else if let Some((index, job)) = take() {
                match Reading::open(index, job, self.algorithm) {
                    Ok(open) => *reading = Some(open),
                    Err(error) => self.end(index, Err(error)),
                }
            } else {
                return;
            }
        }
    }

    fn end(&mut self, index: usize, result: Result<Hashed, Unhashed>) {
        self.observer
            .read(result.as_ref().map_or(0, |hashed| hashed.size_bytes));
        self.done.push((index, result));
    }
}

/// Holds bytes that were read and are not hashed yet.
#[derive(Default)]
struct Buffer {
    space: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn ready(&self) -> &[u8] {
        self.space.get(self.start..self.end).unwrap_or_default()
    }

    /// Gives up to so many bytes.
    fn take(&mut self, count: usize) -> &[u8] {
        let start = self.start;
        self.start = start.saturating_add(count).min(self.end);
        self.space.get(start..self.start).unwrap_or_default()
    }
}

/// A job that is being read.
struct Reading {
    index: usize,
    file: File,
    before: Metadata,
    is_whole: bool,
    rest: u64,
    hasher: Hasher,
    size_bytes: u64,
}

impl Reading {
    fn open(index: usize, job: &Job, algorithm: Algorithm) -> Result<Self, Unhashed> {
        let unreadable = Unhashed::Unreadable;
        let mut file = File::open(&job.path).map_err(unreadable)?;
        let before = file.metadata().map_err(unreadable)?;
        if !before.is_file() {
            return Err(Unhashed::InFlux);
        }
        let mut rest = u64::MAX;
        if let Some((start, end)) = job.range {
            file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
            rest = end.saturating_sub(start);
        }
        Ok(Self {
            index,
            file,
            before,
            is_whole: job.range.is_none(),
            rest,
            hasher: Hasher::new(algorithm),
            size_bytes: 0,
        })
    }

    /// Reads the next bytes into an empty buffer; none at the end.
    fn read(&mut self, buffer: &mut Buffer) -> io::Result<usize> {
        buffer.space.resize(limits::READ_BYTES, 0);
        let wanted = usize::try_from(self.rest)
            .unwrap_or(usize::MAX)
            .min(limits::READ_BYTES);
        let count = loop {
            match self.file.read(buffer.space.get_mut(..wanted).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        let read = u64::try_from(count).unwrap_or(u64::MAX);
        self.rest = self.rest.saturating_sub(read);
        self.size_bytes = self.size_bytes.saturating_add(read);
        (buffer.start, buffer.end) = (0, count);
        Ok(count)
    }

    fn end(self) -> Result<Hashed, Unhashed> {
        let after = self.file.metadata().map_err(Unhashed::Unreadable)?;
        if !is_same(&self.before, &after) || (self.is_whole && self.size_bytes != after.len()) {
            return Err(Unhashed::InFlux);
        }
        Ok(Hashed {
            digest: self.hasher.finish(),
            size_bytes: self.size_bytes,
        })
    }
}

fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_jobs() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut jobs = Vec::new();
        let content = |index: u8| vec![index; usize::from(index) * 100];
        for index in 0..40_u8 {
            let path = folder.path().join(index.to_string());
            fs::write(&path, content(index)).expect("a file");
            jobs.push(Job {
                path,
                range: None,
                size_bytes: u64::from(index) * 100,
            });
        }
        jobs.push(Job {
            path: folder.path().join("absent"),
            range: None,
            size_bytes: 0,
        });
        for threads in [1, 3, 64] {
            let threads = NonZeroUsize::new(threads).expect("a number");
            let results = hash(&jobs, Algorithm::Sha256, threads, &Quiet);
            assert_eq!(results.len(), 41);
            for (index, result) in (0..40).zip(&results) {
                let found = result.as_ref().expect("read");
                assert_eq!(found.size_bytes, u64::from(index) * 100);
                assert_eq!(found.digest, Sha256::digest(content(index)).to_vec());
            }
            assert!(matches!(results[40], Err(Unhashed::Unreadable(_))));
        }
    }

    #[test]
    fn a_range_is_read_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, b"0123456789").expect("a file");
        let job = |range| Job {
            path: path.clone(),
            range: Some(range),
            size_bytes: 0,
        };
        let one = NonZeroUsize::MIN;
        let read = |range| {
            hash(&[job(range)], Algorithm::Sha256, one, &Quiet)
                .remove(0)
                .expect("read")
        };
        assert_eq!(read((2, 5)).size_bytes, 3);
        assert_eq!(read((8, 20)).size_bytes, 2);
        assert_ne!(read((2, 5)).digest, read((3, 6)).digest);
    }
}
