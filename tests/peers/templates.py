"""Templates and policies as other tools read and write them. Each line of the answer is JSON.

    templates.py resources PATH…   the resources that SAM and cfn-lint see
    templates.py values            each text of a list on stdin, as SAM's loader reads it; null if it does not
    templates.py loose PATH…       a template with lines that begin anywhere in brackets and quotes, and its value
    templates.py policies          the actions that policies of AWS (from moto) and policy templates of SAM allow
                                   without a condition, for {"actions", "policies"} on stdin
    templates.py cdk PATH…         a template as CDK would write it: CloudFormation, made by SAM's own translator,
                                   with Fn::Join in the place of Fn::Sub
"""

import fnmatch
import json
import logging
import os
import random
import re
import sys
from pathlib import Path

# The translator asks an AWS session for its region, and nothing else.
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"

import cfnlint.decode
import samtranslator
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

PART = re.compile(r"\$\{([^}]*)\}")


def resources(template):
    return {name: str(resource.get("Type")) for name, resource in template["Resources"].items()}


def loaded(path):
    text = Path(path).read_text()
    try:
        sam = resources(yaml_parse(text))
    except Exception as error:
        sam = {"error": repr(error)}
    # cfn-lint takes no repeated keys, which SAM does.
    template, problems = cfnlint.decode.decode(path)
    lint = {"error": str(problems)} if problems or template is None else resources(template)
    return {"path": path, "sam": sam, "lint": lint}


def policies(asked):
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    aws = json.loads(aws_managed_policies_data)
    sam = json.loads((Path(samtranslator.__file__).parent / "policy_templates_data/policy_templates.json").read_text())
    return {
        "aws": {name: allowed(aws[name]["Document"], asked["actions"]) for name in asked["policies"]},
        "sam": {name: allowed(one["Definition"], asked["actions"]) for name, one in sam["Templates"].items()},
    }


def allowed(document, actions):
    def listed(value):
        return value if isinstance(value, list) else [value]

    def allows(statement, action):
        if statement["Effect"] != "Allow" or "Condition" in statement:
            return False
        names = listed(statement.get("Action", statement.get("NotAction")))
        found = any(fnmatch.fnmatchcase(action.lower(), name.lower()) for name in names)
        return found == ("Action" in statement)

    return [action for action in actions if any(allows(one, action) for one in listed(document["Statement"]))]


def value(text):
    try:
        return json.loads(json.dumps(yaml_parse(text)))
    except Exception:
        return None


def loose(path):
    """The same every time."""
    chance = random.Random(path.rsplit("doctor/", 1)[-1])
    template = json.loads(json.dumps(yaml_parse(Path(path).read_text())))
    lines = []
    for name, section in template.items():
        lines.append(f"{name}:" if isinstance(section, dict) else f"{name}: {json.dumps(section)}")
        for key, one in section.items() if isinstance(section, dict) else []:
            lines += written(f"  {key}: ", one, chance)
    text = "\n".join(lines) + "\n"
    return {"text": text, "value": value(text)}


def written(start, one, chance):
    """A member of a block, in brackets, with JSON's or YAML's quotes."""
    body = json.dumps(one, indent=chance.randrange(1, 4))
    if chance.random() < 0.5:
        body = re.sub(r'"([\w:/.*${}-]*)"(?!:)', r"'\1'", body)
    if chance.random() < 0.5:
        # A quoted text may go on in the next line.
        body = re.sub(r'"([\w-]+) ([^"]*)"(?!:)', '"\\1\n \\2"', body)
    first, *rest = body.split("\n")
    return [start + first, *(" " * chance.randrange(0, 5) + line.lstrip() for line in rest)]


class Policies:
    """SAM asks for the ARNs of AWS's policies by their names."""

    def load(self):
        names = ["AmazonSQSFullAccess", "AmazonDynamoDBFullAccess", "SimpleWorkflowFullAccess"]
        return {name: f"arn:aws:iam::aws:policy/{name}" for name in names}


def cdk(path):
    template = json.loads(json.dumps(yaml_parse(Path(path).read_text())))
    functions = [template.get("Globals", {}).get("Function", {})]
    own = [one for one in template["Resources"].values() if one["Type"] == "AWS::Serverless::Function"]
    for properties in functions + [one.setdefault("Properties", {}) for one in own]:
        properties.pop("CodeUri", None)
    for one in own:
        if one["Properties"].get("PackageType") != "Image":
            one["Properties"]["CodeUri"] = "s3://bucket/key"
        else:
            one["Properties"]["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/worker:1"
    metadata = {name: one.get("Metadata") for name, one in template["Resources"].items()}
    written = json.loads(json.dumps(transform(template, {}, Policies())))
    for name, one in metadata.items():
        if one and name in written["Resources"]:
            written["Resources"][name]["Metadata"] = one
    return joined(written)


def joined(value):
    """Writes every Fn::Sub as a Fn::Join."""
    if isinstance(value, list):
        return [joined(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) != {"Fn::Sub"}:
        return {key: joined(member) for key, member in value.items()}
    pattern, names = value["Fn::Sub"], {}
    if isinstance(pattern, list):
        pattern, names = pattern
    parts = []
    for index, part in enumerate(PART.split(pattern)):
        if index % 2 == 0:
            parts.append(part)
        elif part in names:
            parts.append(joined(names[part]))
        elif part.startswith("!"):
            parts.append("${" + part[1:] + "}")
        elif "." in part:
            parts.append({"Fn::GetAtt": part.split(".", 1)})
        else:
            parts.append({"Ref": part})
    parts = [part for part in parts if part != ""]
    return {"Fn::Join": ["", parts]}


def main():
    logging.disable(logging.CRITICAL)
    mode, *paths = sys.argv[1:]
    if mode == "values":
        print(json.dumps([value(text) for text in json.load(sys.stdin)]))
    if mode == "policies":
        print(json.dumps(policies(json.load(sys.stdin))))
    for path in paths:
        print(json.dumps({"resources": loaded, "loose": loose, "cdk": cdk}[mode](path)))


main()
