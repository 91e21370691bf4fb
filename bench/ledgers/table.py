"""Makes the ledger's table in the DynamoDB at that URL."""

import sys

import boto3

keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
boto3.client("dynamodb", endpoint_url=sys.argv[1], **keys).create_table(
    TableName="ledger",
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "fingerprint", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "fingerprint", "KeyType": "HASH"}],
)
