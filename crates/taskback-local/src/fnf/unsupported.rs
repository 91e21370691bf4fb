/// The error for a feature of definitions that the emulator does not have.
pub(super) fn unsupported(feature: &str) -> String {
    format!("{feature} is not supported by taskback local")
}
