//! The time that is left of a call that a signal ends.

use crate::kernel::sys::{Pid, memory};
use crate::tracer::Run;
use crate::world::call::{Call, Remainder};
use crate::world::clock;

impl Run<'_> {
    /// Writes the time that is left where the call reports it.
    pub(crate) fn write_remainder(&self, tid: Pid, call: &Call, interrupted: bool) {
        let Some(timeout) = call.timeout else { return };
        let left = timeout.deadline.since(self.world.clock.now());
        // A bad address: the kernel would fail the call, but only after the wait; the
        // program gets the result of the wait instead.
        let _ = match timeout.style.remainder {
            Remainder::OnInterrupt(address) if interrupted => {
                memory::write(tid, address, &clock::timespec_of(left))
            }
            Remainder::Timespec(address) => memory::write(tid, address, &clock::timespec_of(left)),
            Remainder::Timeval(address) => memory::write(tid, address, &clock::timeval_of(left)),
            _ => Ok(()),
        };
    }
}
