/// The form in which a function writes its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsFormat {
    /// `off`: nothing is counted.
    #[default]
    Off,
    /// `emf`: one line an invocation in CloudWatch's embedded metric format.
    Emf,
}
