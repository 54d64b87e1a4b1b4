"""Reads flowagg's JSON answers as botocore reads those of CloudWatch and CloudWatch Logs.

The arguments are a service and one of its operations. Standard input is the answer; standard
output is what botocore made of it, a line for each value, to be compared. Exits with 3 if botocore
is not installed, and with an error if the answer is not a response of that operation through and
through.
"""

import datetime
import json
import sys

try:
    import botocore.loaders
    import botocore.model
    import botocore.parsers
except ImportError:
    sys.exit(3)


def output_shape(service, operation):
    """What the service model says that the response is made of."""
    description = botocore.loaders.Loader().load_service_model(service, "service-2")
    model = botocore.model.ServiceModel(description, service)
    return model.operation_model(operation).output_shape


def check_spelling(value, shape, path):
    """All that was written is of the model, so that the parser does not skip any of it."""
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{path} is no object"
        for name, inner in value.items():
            assert name in shape.members, f"{path}.{name} is no member of {shape.name}"
            check_spelling(inner, shape.members[name], f"{path}.{name}")
    elif kind == "list":
        assert isinstance(value, list), f"{path} is no array"
        for at, inner in enumerate(value):
            check_spelling(inner, shape.member, f"{path}[{at}]")
    elif kind == "map":
        assert isinstance(value, dict), f"{path} is no object"
        for name, inner in value.items():
            check_spelling(inner, shape.value, f"{path}[{name}]")
    else:
        assert value is not None, f"{path} is null"


def check_types(value, shape, path, written):
    """What was parsed has the types of the model; nothing that was written is lost."""
    kind = shape.type_name
    if kind == "structure":
        assert set(value) == set(written), f"{path}: {sorted(value)} of {sorted(written)}"
        for name, inner in value.items():
            check_types(inner, shape.members[name], f"{path}.{name}", written[name])
    elif kind == "list":
        assert len(value) == len(written), path
        for at, inner in enumerate(value):
            check_types(inner, shape.member, f"{path}[{at}]", written[at])
    elif kind == "map":
        assert set(value) == set(written), f"{path}: {sorted(value)} of {sorted(written)}"
        for name, inner in value.items():
            check_types(inner, shape.value, f"{path}[{name}]", written[name])
    elif kind == "timestamp":
        assert isinstance(value, datetime.datetime) and value.tzinfo is not None, path
        print(path, value.astimezone(datetime.timezone.utc).isoformat())
    elif kind == "string":
        assert isinstance(value, str), path
        print(path, value)
    else:
        types = {"double": (int, float), "long": (int,)}[kind]
        assert type(value) in types, f"{path} is {type(value).__name__}, expected a {kind}"
        print(path, format(value, ".17g") if isinstance(value, float) else value)


def main():
    _, service, operation = sys.argv
    body = sys.stdin.buffer.read()
    written = json.loads(body)
    shape = output_shape(service, operation)
    check_spelling(written, shape, "$")
    response = {"body": body, "headers": {}, "status_code": 200}
    # The models list their protocols; of those, `json` is the one that is text.
    parsed = botocore.parsers.create_parser("json").parse(response, shape)
    metadata = parsed.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    check_types(parsed, shape, "$", written)


main()
