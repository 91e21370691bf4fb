"""Reads a page of metrics from stdin as Prometheus' own Python client does. Prints a JSON line for each sample."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

page = sys.stdin.read()
seen = set()
for family in text_string_to_metric_families(page):
    assert family.documentation, family.name
    for sample in family.samples:
        labels = sample.labels
        key = (sample.name, *sorted(labels.items()))
        assert key not in seen, key
        seen.add(key)
        print(json.dumps({"name": sample.name, "labels": labels, "value": sample.value, "type": family.type}))
