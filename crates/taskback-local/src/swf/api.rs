use taskback_core::Service;

use super::operation::OPERATIONS;
use crate::aws_json::api::JsonApi;

pub(crate) static SWF_API: JsonApi = JsonApi {
    service: Service::Swf,
    operations: &OPERATIONS,
    prefix: "SimpleWorkflowService.",
    accepts_any_target: true,
    signing_name: "swf",
    echoes_values: true,
    own_codes: &["UnknownResourceFault", "OperationNotPermittedFault", "DomainAlreadyExistsFault"],
    own_namespace: "com.amazonaws.swf.base.model",
};
