"""The project's own description, held against the OpenAPI 3.1 schema by openapi-spec-validator."""

import json
import sys
import urllib.request

from openapi_spec_validator import validate

document = json.load(urllib.request.urlopen(f"http://{sys.argv[1]}/openapi.json"))
validate(document)
assert "/predict/rain" in document["paths"]
print("openapi-spec-validator: passed")
