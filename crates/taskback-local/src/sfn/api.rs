use taskback_core::Service;

use super::operation::OPERATIONS;
use super::refusal::OWN_CODES;
use crate::aws_json::api::JsonApi;

pub(crate) static SFN_API: JsonApi = JsonApi {
    service: Service::Sfn,
    operations: &OPERATIONS,
    prefix: "AWSStepFunctions.",
    accepts_any_target: false,
    signing_name: "states",
    echoes_values: false,
    own_codes: &OWN_CODES,
    own_namespace: "com.amazonaws.swf.service.v2.model",
};
