//! Work that is spread over several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::ExploreError;

/// Does `work` on each item, by up to `jobs` threads; what it gives, in the items' order.
/// `work` is told the number of its thread, from 0.
///
/// # Errors
/// The first error; further items aren't begun then.
pub(crate) fn map<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, ExploreError> + Sync,
) -> Result<Vec<R>, ExploreError> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Ok(Vec::new()));
    let lock = || done.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for thread in 0..jobs.min(items.len()) {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                while lock().is_ok() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = work(thread, item);
                    let mut done = lock();
                    match (result, done.as_mut()) {
                        (Ok(result), Ok(results)) => results.push((at, result)),
                        (Err(error), Ok(_)) => *done = Err(error),
                        (_, Err(_)) => {}
                    }
                }
            });
        }
    });
    let mut results = done.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
