//! Types that are a short text in a trace's JSON.

/// Lets types be serialised as the text that [`Display`](std::fmt::Display) writes and
/// `From<&str>` reads.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Ok(Self::from(text.as_str()))
            }
        }
    )+};
}

pub(crate) use as_text;

/// What a text was read as, if that would be written as the same text again.
pub(crate) fn exact<T: std::fmt::Display>(read: Option<T>, text: &str) -> Option<T> {
    read.filter(|read| read.to_string() == text)
}
