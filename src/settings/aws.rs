use super::read::Reader;
use crate::aws::endpoints::Endpoints;

/// Parts of key pairs that may stand in the environment.
pub(super) const CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
];

/// The endpoints. Regions and keys are checked only: the SDKs read them.
pub(super) fn read(read: &mut Reader) -> Endpoints {
    CREDENTIALS.iter().for_each(|name| read.credential(name));
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().for_each(|name| read.region(name));
    Endpoints(read.urls("AWS_ENDPOINT_URL"))
}
