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
pub(crate) fn hash(
    jobs: &[Job],
    algorithm: Algorithm,
    threads: NonZeroUsize,
    observer: &dyn Observer,
) -> Vec<Result<Hashed, Unhashed>> {
    observer.files(jobs.len());
    // The longest first, so that no thread begins a long file when the others are done.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(jobs.get(*index).map_or(0, |job| job.size_bytes)));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut buffer = vec![0_u8; limits::READ_BYTES];
        let mut done = Vec::new();
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(job) = jobs.get(*index) else { break };
            let result = hash_one(job, algorithm, &mut buffer);
            observer.read(result.as_ref().map_or(0, |hashed| hashed.size_bytes));
            done.push((*index, result));
        }
        done
    };
    let count = threads.get().min(jobs.len());
    let mut results: Vec<(usize, Result<Hashed, Unhashed>)> = if count <= 1 {
        work()
    } else {
        thread::scope(|scope| {
            let others: Vec<_> = (1..count).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                match other.join() {
                    Ok(part) => all.extend(part),
                    // A bug of ours is told as one.
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    };
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn hash_one(job: &Job, algorithm: Algorithm, buffer: &mut [u8]) -> Result<Hashed, Unhashed> {
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
    let mut hasher = Hasher::new(algorithm);
    let mut size_bytes = 0_u64;
    while rest > 0 {
        let wanted = usize::try_from(rest).unwrap_or(usize::MAX).min(buffer.len());
        let Some(space) = buffer.get_mut(..wanted) else {
            break;
        };
        let count = match file.read(space) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Unhashed::Unreadable(error)),
        };
        hasher.update(space.get(..count).unwrap_or_default());
        let read = u64::try_from(count).unwrap_or(u64::MAX);
        rest = rest.saturating_sub(read);
        size_bytes = size_bytes.saturating_add(read);
    }
    let after = file.metadata().map_err(unreadable)?;
    if !is_same(&before, &after) || (job.range.is_none() && size_bytes != after.len()) {
        return Err(Unhashed::InFlux);
    }
    Ok(Hashed {
        digest: hasher.finish(),
        size_bytes,
    })
}

fn is_same(before: &Metadata, after: &Metadata) -> bool {
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_jobs() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut jobs = Vec::new();
        for index in 0_u64..40 {
            let path = folder.path().join(index.to_string());
            fs::write(&path, vec![b'x'; usize::try_from(index).expect("small")]).expect("a file");
            jobs.push(Job {
                path,
                range: None,
                size_bytes: index,
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
            for (index, result) in results.iter().take(40).enumerate() {
                assert_eq!(result.as_ref().expect("read").size_bytes, index as u64);
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
