//! Room in the queues of signals.
//!
//! Other programs of the user, other runs among them, take room away from a program that lowered
//! its limit, whenever they please. Here a program has all the room that its limit gives: the
//! limit is lifted while a signal is sent that would be queued with nobody else there.

use crate::kernel::sys::Pid;
use crate::kernel::sys::limits;
use crate::tracer::Run;

impl Run<'_> {
    /// Whether one more signal can be queued for a process, as far as its own run goes.
    pub(crate) fn has_room(&self, pid: Pid) -> bool {
        // A POSIX timer has its place in the queue from timer_create(2) on.
        let queued = self.world.expected.without_timers() + self.world.timers.posix_timers();
        match limits::pending_signals(pid) {
            Ok(limit) => u64::try_from(queued).is_ok_and(|queued| queued < limit),
            // Nobody else has a user's id that siglab isn't told about.
            Err(_) => true,
        }
    }
}
