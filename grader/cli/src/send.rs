//! `--send SIGNAL@TIME[:ROLE]`.

use std::str::FromStr;

use siglab_engine::Script;
use siglab_model::{Role, Signal, Time};

/// One `--send`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Send {
    signal: Signal,
    time: Time,
    role: String,
}

impl FromStr for Send {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write SIGNAL@TIME or SIGNAL@TIME:ROLE, as in SIGINT@0.4s";
        let (signal, rest) = text.split_once('@').ok_or(form)?;
        let (time, role) = rest.split_once(':').unwrap_or((rest, Role::MAIN));
        if role.is_empty() || signal.is_empty() {
            return Err(form.into());
        }
        Ok(Self {
            signal: signal.parse().map_err(|error| format!("{error}"))?,
            time: time.parse().map_err(|error| format!("{error}"))?,
            role: role.to_owned(),
        })
    }
}

/// The script that carries them out, earliest first.
pub(crate) fn script(sends: &[Send]) -> Script {
    let mut sends: Vec<&Send> = sends.iter().collect();
    sends.sort_by_key(|send| send.time);
    sends.into_iter().fold(Script::default(), |script, send| {
        script.send_at(send.time, send.signal, &send.role)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_are_read() {
        let send: Send = "SIGINT@0.4s".parse().expect("well-formed");
        assert_eq!(send.role, "main");
        let send: Send = "RTMIN+1@7ms:child.2/child".parse().expect("well-formed");
        assert_eq!(
            (send.signal.number(), send.role.as_str()),
            (35, "child.2/child")
        );
        for (text, error) in [
            ("SIGINT", "write SIGNAL@TIME"),
            ("@1s", "write SIGNAL@TIME"),
            ("SIGINT@1s:", "write SIGNAL@TIME"),
            ("SIGITN@1s", "did you mean SIGINT?"),
            ("SIGINT@-1s", "negative"),
            ("SIGINT@1", "not a time"),
        ] {
            let message = text.parse::<Send>().expect_err(text);
            assert!(message.contains(error), "{text}: {message}");
        }
    }

    #[test]
    fn sends_happen_in_order_of_time() {
        let sends =
            ["SIGTERM@2s", "SIGINT@1s:a", "SIGHUP@2s"].map(|text| text.parse().expect(text));
        let steps: Vec<_> = script(&sends)
            .steps
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            steps,
            [
                "at 1.000s, send SIGINT to a",
                "at 2.000s, send SIGTERM to main",
                "at 2.000s, send SIGHUP to main"
            ]
        );
    }
}
