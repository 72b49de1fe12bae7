//! The filter of a run: which calls stop, which fail.

use siglab_model::Clock as ClockMode;
use siglab_sandbox::{Condition, Filter, FilterError, Rule};

use super::table::{Stops, record};
use crate::kernel::arch;
use crate::kernel::sys::serve;
use crate::kernel::syscalls::Sys;

/// The filter of a run with this clock. In a sandbox, sockets are looked at, too; and if
/// `is_sought`, files that are opened. Numbers that no call has fail with `ENOSYS`, as natively; so
/// do calls that are newer than siglab.
pub(crate) fn filter(
    clock: ClockMode,
    in_sandbox: bool,
    is_sought: bool,
) -> Result<Filter, FilterError> {
    let mut trace = Vec::new();
    let mut missing = Vec::new();
    let mut serve = Vec::new();
    let mut newest = 0;
    for sys in Sys::ALL.iter().copied() {
        let Some(number) = arch::number_of(sys) else {
            continue;
        };
        newest = newest.max(u32::try_from(number).unwrap_or(0));
        let is_open = matches!(sys, Sys::Open | Sys::Openat | Sys::Openat2);
        let is_timer = sys == Sys::TimerfdCreate && clock == ClockMode::Virtual;
        if is_timer || is_open && is_sought {
            serve.push(Rule {
                number,
                any_of: vec![Condition::Is {
                    argument: serve::MARKED,
                    value: serve::mark(),
                }],
            });
        }
        match record(sys).stops {
            Stops::Always => trace.push(Rule::always(number)),
            Stops::UnderVirtualTime if clock == ClockMode::Virtual => {
                trace.push(Rule::always(number));
            }
            Stops::InSandbox if in_sandbox => trace.push(Rule::always(number)),
            Stops::IfSought if is_sought => trace.push(Rule::always(number)),
            Stops::When(conditions) => trace.push(Rule {
                number,
                any_of: conditions.to_vec(),
            }),
            Stops::IsMissing => missing.push((Rule::always(number), libc::ENOSYS)),
            Stops::Never | Stops::UnderVirtualTime | Stops::InSandbox | Stops::IfSought => {}
        }
    }
    Filter::serving(&serve, &trace, &missing, newest)
}
