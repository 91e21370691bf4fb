//! The statements of AWS's managed policies and of SAM's policy templates, as far as they are about what taskback uses.

use super::policies::Statement;
use super::services::{SERVICES, ServiceNeeds};
use super::value::hole;
use super::view::{Known, View};

/// The actions of Lambda's own queue poller, with the function's role.
pub(super) const POLLING: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// Returns the statements of a policy of AWS by its name; `None` = not known here.
pub(super) fn aws_managed(name: &str) -> Option<Vec<Statement>> {
    let all = |actions: &[&str]| Some(vec![Statement::allow(actions, "*", name)]);
    match name {
        // SAM adds it to every function with a queue, so its wildcard is not a choice of the author.
        "AWSLambdaSQSQueueExecutionRole" => Some(vec![Statement::implicit(&POLLING, "*")]),
        "AdministratorAccess" => all(&["*"]),
        // All but the administration of users.
        "PowerUserAccess" => all(&["*"]),
        "AmazonSQSFullAccess" => all(&["sqs:*"]),
        "AmazonSQSReadOnlyAccess" => Some(vec![Statement::implicit(&READ_QUEUE, "*")]),
        "AmazonDynamoDBFullAccess" | "AmazonDynamoDBFullAccess_v2" => all(&["dynamodb:*"]),
        "SecretsManagerReadWrite" => all(&["secretsmanager:*"]),
        _ if UNRELATED.contains(&name) => Some(Vec::new()),
        _ => {
            let histories = |service: &ServiceNeeds| {
                service.history_actions.iter().map(|(action, _)| *action).collect::<Vec<_>>()
            };
            if let Some(service) = SERVICES.iter().find(|service| service.read_only_policy == Some(name)) {
                return Some(vec![Statement::implicit(&histories(service), "*")]);
            }
            let service = SERVICES.iter().find(|service| service.full_access_policy == Some(name))?;
            // Not every history has the prefix of the reports.
            let by_prefix = format!("{}*", service.action_prefix.unwrap_or_default());
            all(&[vec![&*by_prefix], histories(service)].concat())
        }
    }
}

const READ_QUEUE: [&str; 2] = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"];

/// Policies of AWS that functions often have and that allow nothing that taskback needs.
const UNRELATED: [&str; 21] = [
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaENIManagementAccess",
    "AWSLambdaExecute",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaMSKExecutionRole",
    "AWSLambdaRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "AmazonDynamoDBReadOnlyAccess",
    "AmazonKinesisReadOnlyAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSNSFullAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMReadOnlyAccess",
    "CloudWatchFullAccess",
    "CloudWatchFullAccessV2",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
    "CloudWatchLogsFullAccess",
];

/// Returns the statements of a policy template of SAM; `None` = not known here.
pub(super) fn sam_template(name: &str, parameters: &View<'_>) -> Option<Vec<Statement>> {
    let Some((_, parameter, rows)) = TEMPLATES.iter().find(|(own, ..)| *own == name) else {
        return UNRELATED_TEMPLATES.contains(&name).then(Vec::new);
    };
    let value = match parameters.peek(&[parameter]) {
        Known::Is(value) => super::value::text(value),
        Known::Absent => hole(&format!("{} has no {parameter}", parameters.label)),
        Known::Unknown(reason) => hole(&reason),
    };
    let statement = |(actions, resource): &(&[&str], &str)| {
        Statement::allow(actions, &resource.replace("NAME", &value), name)
    };
    Some(rows.iter().map(statement).collect())
}

type Rows = &'static [(&'static [&'static str], &'static str)];

const QUEUE: &str = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:NAME";
const TABLE: &str = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/NAME";
const KEY: &str = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/NAME";

/// The templates with actions that a function of taskback may need: name, parameter, statements.
const TEMPLATES: [(&str, &str, Rows); 9] = [
    (
        "SQSPollerPolicy",
        "QueueName",
        &[(
            &[
                "sqs:ChangeMessageVisibility",
                "sqs:ChangeMessageVisibilityBatch",
                "sqs:DeleteMessage",
                "sqs:DeleteMessageBatch",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ],
            QUEUE,
        )],
    ),
    // The wildcard is SAM's; it stands for SendMessageBatch.
    ("SQSSendMessagePolicy", "QueueName", &[(&["sqs:SendMessage", "sqs:SendMessageBatch"], QUEUE)]),
    ("DynamoDBCrudPolicy", "TableName", &[(&["dynamodb:UpdateItem", "dynamodb:GetItem"], TABLE)]),
    ("DynamoDBWritePolicy", "TableName", &[(&["dynamodb:UpdateItem"], TABLE)]),
    (
        "DynamoDBRestoreFromBackupPolicy",
        "TableName",
        &[(&["dynamodb:UpdateItem", "dynamodb:GetItem"], TABLE)],
    ),
    ("AWSSecretsManagerGetSecretValuePolicy", "SecretArn", &[(&["secretsmanager:GetSecretValue"], "NAME")]),
    ("KMSDecryptPolicy", "KeyId", &[(&["kms:Decrypt"], KEY)]),
    ("KMSEncryptPolicy_v2", "KeyId", &[(&["kms:GenerateDataKey"], KEY)]),
    (
        "StepFunctionsCallbackPolicy",
        "StateMachineName",
        &[(
            &["states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"],
            "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:NAME",
        )],
    ),
];

/// The other templates of SAM.
const UNRELATED_TEMPLATES: [&str; 72] = [
    "AMIDescribePolicy",
    "AWSSecretsManagerRotationPolicy",
    "AcmGetCertificatePolicy",
    "AthenaQueryPolicy",
    "CloudFormationDescribeStacksPolicy",
    "CloudWatchDashboardPolicy",
    "CloudWatchDescribeAlarmHistoryPolicy",
    "CloudWatchPutMetricPolicy",
    "CodeCommitCrudPolicy",
    "CodeCommitReadPolicy",
    "CodePipelineLambdaExecutionPolicy",
    "CodePipelineReadOnlyPolicy",
    "ComprehendBasicAccessPolicy",
    "CostExplorerReadOnlyPolicy",
    "DynamoDBBackupFullAccessPolicy",
    "DynamoDBReadPolicy",
    "DynamoDBReconfigurePolicy",
    "DynamoDBStreamReadPolicy",
    "EC2CopyImagePolicy",
    "EC2DescribePolicy",
    "EFSWriteAccessPolicy",
    "EKSDescribePolicy",
    "EcsRunTaskPolicy",
    "ElasticMapReduceAddJobFlowStepsPolicy",
    "ElasticMapReduceCancelStepsPolicy",
    "ElasticMapReduceModifyInstanceFleetPolicy",
    "ElasticMapReduceModifyInstanceGroupsPolicy",
    "ElasticMapReduceSetTerminationProtectionPolicy",
    "ElasticMapReduceTerminateJobFlowsPolicy",
    "ElasticsearchHttpPostPolicy",
    "EventBridgePutEventsPolicy",
    "FilterLogEventsPolicy",
    "FirehoseCrudPolicy",
    "FirehoseWritePolicy",
    "KMSEncryptPolicy",
    "KinesisCrudPolicy",
    "KinesisStreamReadPolicy",
    "LambdaInvokePolicy",
    "MobileAnalyticsWriteOnlyAccessPolicy",
    "OrganizationsListAccountsPolicy",
    "PinpointEndpointAccessPolicy",
    "PollyFullAccessPolicy",
    "RekognitionDetectOnlyPolicy",
    "RekognitionFacesManagementPolicy",
    "RekognitionFacesPolicy",
    "RekognitionLabelsPolicy",
    "RekognitionNoDataAccessPolicy",
    "RekognitionReadPolicy",
    "RekognitionWriteOnlyAccessPolicy",
    "Route53ChangeResourceRecordSetsPolicy",
    "S3CrudPolicy",
    "S3FullAccessPolicy",
    "S3ReadPolicy",
    "S3WritePolicy",
    "SESBulkTemplatedCrudPolicy",
    "SESBulkTemplatedCrudPolicy_v2",
    "SESCrudPolicy",
    "SESEmailTemplateCrudPolicy",
    "SESSendBouncePolicy",
    "SNSCrudPolicy",
    "SNSPublishMessagePolicy",
    "SSMParameterReadPolicy",
    "SSMParameterWithSlashPrefixReadPolicy",
    "SageMakerCreateEndpointConfigPolicy",
    "SageMakerCreateEndpointPolicy",
    "ServerlessRepoReadWriteAccessPolicy",
    "StepFunctionsExecutionPolicy",
    "StepFunctionsExecutionPolicy_v2",
    "TextractDetectAnalyzePolicy",
    "TextractGetResultPolicy",
    "TextractPolicy",
    "VPCAccessPolicy",
];

#[cfg(test)]
mod tests;
