//! Turns ranged requests into random access: a bounded cache of blocks, shared by all files of a source, that reads ahead
//! while a file is read in order.

use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    ops::Range,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use cleanbill_formats::bytes::ReadAt;

/// Size of a block. A header and a tail of a typical file fit in one each, and a request costs about as much time as
/// 256 KiB of transfer.
pub(super) const BLOCK_BYTES: u64 = 256 * 1024;

/// LIMIT: most blocks fetched by one request (4 MiB), so that one jump after a long sequential read wastes little.
const MOST_AHEAD: u64 = 16;

/// LIMIT: memory held by the blocks of one source, over all its files and threads. Blocks read longest ago are dropped.
const POOL_BYTES: u64 = 16 * 1024 * 1024;

/// Fetches bytes that a cache then holds.
pub(super) trait Fetch: Send + Sync + fmt::Debug {
    /// Returns the size of the file in bytes.
    fn size(&self) -> u64;

    /// Gives exactly the bytes of `range`, which lies within the file.
    fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// Names a block: number of the file, number of the block in it.
type Key = (u64, u64);

/// Holds the blocks of all files of a source.
#[derive(Debug, Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    arrived: Condvar,
    files: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    blocks: HashMap<Key, Held>,
    pending: HashSet<Key>,
    clock: u64,
}

#[derive(Debug)]
struct Held {
    bytes: Arc<[u8]>,
    used: u64,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, key: Key) -> Option<Arc<[u8]>> {
        self.clock += 1;
        let held = self.blocks.get_mut(&key)?;
        held.used = self.clock;
        Some(Arc::clone(&held.bytes))
    }

    fn put(&mut self, key: Key, bytes: Arc<[u8]>) {
        self.clock += 1;
        let used = self.clock;
        self.blocks.insert(key, Held { bytes, used });
        while self.blocks.len() as u64 > POOL_BYTES / BLOCK_BYTES {
            let oldest = self
                .blocks
                .iter()
                .min_by_key(|(_, held)| held.used)
                .map(|(key, _)| *key);
            match oldest {
                Some(key) => self.blocks.remove(&key),
                None => break,
            };
        }
    }
}

/// Gives random access to one file through the cache.
#[derive(Debug)]
pub(super) struct Blocks<F> {
    file: u64,
    pool: Arc<Pool>,
    fetch: F,
    ahead: Mutex<Ahead>,
    failed: Mutex<Option<(io::ErrorKind, String)>>,
}

/// Remembers where the last request ended, to notice reading in order.
#[derive(Debug, Default)]
struct Ahead {
    next: u64,
    count: u64,
}

impl<F: Fetch> Blocks<F> {
    pub(super) fn new(pool: &Arc<Pool>, fetch: F) -> Self {
        Self {
            file: pool.files.fetch_add(1, Ordering::Relaxed),
            pool: Arc::clone(pool),
            fetch,
            ahead: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Keeps the first bytes of the file, which came with the answer that told its size.
    pub(super) fn seed(&self, first: Vec<u8>) {
        if first.len() as u64 == BLOCK_BYTES.min(self.fetch.size()) {
            self.pool.lock().put((self.file, 0), first.into());
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Ahead { next: 1, count: 1 };
        }
    }

    /// Returns a block, from the cache or with up to `wanted` or more blocks after it by one request.
    fn block(&self, block: u64, wanted: u64) -> io::Result<Arc<[u8]>> {
        let mut state = self.pool.lock();
        loop {
            if let Some(bytes) = state.take((self.file, block)) {
                return Ok(bytes);
            }
            if !state.pending.contains(&(self.file, block)) {
                break;
            }
            state = self
                .pool
                .arrived
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some((kind, message)) = &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(io::Error::new(*kind, message.clone()));
        }
        let blocks = self.fetch.size().div_ceil(BLOCK_BYTES);
        let most = self.count(block).max(wanted).min(MOST_AHEAD);
        let mut end = block + 1;
        while end < blocks.min(block + most) {
            let key = (self.file, end);
            if state.blocks.contains_key(&key) || state.pending.contains(&key) {
                break;
            }
            end += 1;
        }
        for one in block..end {
            state.pending.insert((self.file, one));
        }
        drop(state);
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).next = end;
        let pending = Pending {
            pool: &self.pool,
            file: self.file,
            blocks: block..end,
        };
        let range = block * BLOCK_BYTES..(end * BLOCK_BYTES).min(self.fetch.size());
        let length = range.end - range.start;
        let bytes = self
            .fetch
            .fetch(range)
            .and_then(|bytes| {
                let complete = bytes.len() as u64 == length;
                complete
                    .then_some(bytes)
                    .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
            })
            .inspect_err(|error| {
                // Every reader of this file would run into the same failure and its retries.
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((error.kind(), error.to_string()));
            })?;
        let mut state = self.pool.lock();
        let mut first = None;
        let size = usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX);
        for (one, piece) in (block..end).zip(bytes.chunks(size)) {
            let piece: Arc<[u8]> = piece.into();
            first.get_or_insert_with(|| Arc::clone(&piece));
            state.put((self.file, one), piece);
        }
        drop(state);
        drop(pending);
        first.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Doubles the number of blocks per request while a file is read in order.
    fn count(&self, block: u64) -> u64 {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        ahead.count = if block == ahead.next && block > 0 {
            (ahead.count * 2).clamp(1, MOST_AHEAD)
        } else {
            1
        };
        ahead.count
    }
}

impl<F: Fetch> ReadAt for Blocks<F> {
    fn size(&self) -> u64 {
        self.fetch.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size() || buffer.is_empty() {
            return Ok(0);
        }
        let block = offset / BLOCK_BYTES;
        let last = (offset + buffer.len() as u64 - 1).min(self.size() - 1) / BLOCK_BYTES;
        let bytes = self.block(block, last - block + 1)?;
        let start = usize::try_from(offset % BLOCK_BYTES).unwrap_or(usize::MAX);
        let rest = bytes.get(start..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(target), Some(bytes)) = (buffer.get_mut(..count), rest.get(..count)) {
            target.copy_from_slice(bytes);
        }
        Ok(count)
    }
}

/// Frees those who wait for blocks, whether these arrived or not.
struct Pending<'a> {
    pool: &'a Pool,
    file: u64,
    blocks: Range<u64>,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        for block in self.blocks.clone() {
            state.pending.remove(&(self.file, block));
        }
        drop(state);
        self.pool.arrived.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use cleanbill_formats::bytes::{read_full, read_range};

    use super::*;

    #[derive(Debug)]
    struct Counted {
        bytes: Vec<u8>,
        requests: Arc<AtomicUsize>,
        fail_from: u64,
    }

    impl Fetch for Counted {
        fn size(&self) -> u64 {
            self.bytes.len() as u64
        }

        fn fetch(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
            self.requests.fetch_add(1, Ordering::Relaxed);
            if range.end > self.fail_from {
                return Err(io::Error::other("gone"));
            }
            read_range(&self.bytes, range, u64::MAX).map_err(|error| error.source)
        }
    }

    fn counted(size: u64, fail_from: u64) -> (Blocks<Counted>, Arc<AtomicUsize>) {
        let requests = Arc::new(AtomicUsize::new(0));
        let bytes = (0..size).map(|at| (at * 31 / 7).to_le_bytes()[0]).collect();
        let fetch = Counted {
            bytes,
            requests: Arc::clone(&requests),
            fail_from,
        };
        (Blocks::new(&Arc::default(), fetch), requests)
    }

    #[test]
    fn reading_in_order_takes_few_requests_and_bounded_memory() {
        let (blocks, requests) = counted(40 << 20, u64::MAX);
        let mut offset = 0;
        let mut piece = vec![0; 100_000];
        while let count @ 1.. = read_full(&blocks, offset, &mut piece).unwrap() {
            let at = usize::try_from(offset).unwrap();
            assert!(piece[..count] == blocks.fetch.bytes[at..at + count]);
            offset += count as u64;
        }
        assert_eq!(offset, 40 << 20);
        let requests = requests.load(Ordering::Relaxed);
        assert!(requests <= 15, "{requests}");
        assert!(blocks.pool.lock().blocks.len() as u64 <= POOL_BYTES / BLOCK_BYTES);
        assert!(blocks.pool.lock().pending.is_empty());
    }

    #[test]
    fn jumps_do_not_read_ahead_and_repeats_are_free() {
        let (blocks, requests) = counted(20 << 20, u64::MAX);
        for offset in [0, 19 << 20, 5 << 20, 10, (19 << 20) + 5] {
            assert_eq!(read_range(&blocks, offset..offset + 9, 9).unwrap().len(), 9);
        }
        assert_eq!(requests.load(Ordering::Relaxed), 3);
        assert_eq!(blocks.pool.lock().blocks.len(), 3);
    }

    #[test]
    fn threads_share_one_request() {
        let (blocks, requests) = counted(BLOCK_BYTES, u64::MAX);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| read_range(&blocks, 0..9, 9).unwrap());
            }
        });
        assert_eq!(requests.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_failure_is_remembered() {
        let (blocks, requests) = counted(20 << 20, 10 << 20);
        assert!(read_range(&blocks, 15 << 20..16 << 20, 9).is_err());
        assert!(read_range(&blocks, 18 << 20..19 << 20, 9).is_err());
        assert_eq!(requests.load(Ordering::Relaxed), 1);
    }
}
