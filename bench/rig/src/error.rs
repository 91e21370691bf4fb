/// Any error; the rig prints it and stops.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
