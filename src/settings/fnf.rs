use taskback_core::Service;

use super::read::Reader;
use crate::service::fnf::config::FnfConfig;

pub(super) fn read(read: &mut Reader, service: Option<Service>) -> FnfConfig {
    let defaults = FnfConfig::default();
    let fnf = FnfConfig {
        region: read.text("FNF_REGION"),
        endpoint: read.text("FNF_ENDPOINT"),
        allow_http_host: read.host("FNF_ALLOW_HTTP_HOST"),
        secret_id: read.text("FNF_SECRET_ID"),
        max_output_bytes: read
            .number("FNF_MAX_OUTPUT_BYTES", 1, 1_048_576)
            .map_or(defaults.max_output_bytes, |bytes| bytes as usize),
        require_object_output: read
            .on_or_off("FNF_REQUIRE_OBJECT_OUTPUT")
            .unwrap_or(defaults.require_object_output),
    };
    if fnf.secret_id.is_some() && cfg!(not(feature = "secrets")) {
        read.error("FNF_SECRET_ID is set, which needs the feature secrets");
    }
    if service == Some(Service::Fnf) && !fnf.is_set() {
        read.error("TASKBACK_SERVICE is fnf, but neither FNF_REGION nor FNF_ENDPOINT is set");
    }
    fnf
}
