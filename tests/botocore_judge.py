"""AWS's own word on exchanges with Amazon SES: a program of its own, because botocore brings other versions.

It reads a JSON document of exchanges and prints what is wrong with them, a line each: a signature that
botocore's signer makes otherwise, and requests or answers that its model of the service does not allow.
"""

import json
import re
import sys
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

MODEL = ServiceModel(Loader().load_service_model("sesv2", "service-2"))
OPERATIONS = {
    (operation.http["method"], re.sub(r"\{[^}]+\}$", "", operation.http["requestUri"])): operation
    for operation in map(MODEL.operation_model, MODEL.operation_names)
}


def faults(exchange: dict[str, Any], secret: str, region: str) -> list[str]:
    """Return what is wrong with one exchange."""
    headers, path = exchange["headers"], exchange["path"]
    whole = (exchange["method"], path)
    operation = OPERATIONS.get(whole) or OPERATIONS.get((whole[0], path.rpartition("/")[0] + "/"))
    if operation is None:
        return [f"no operation is at {path}"]
    found = []
    if exchange["body"]:
        found += _against(json.loads(exchange["body"]), operation.input_shape)
    if exchange["status"] == 200:
        found += _against(exchange["answer"], operation.output_shape)
    else:
        errors = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in operation.error_shapes}
        if errors.get(exchange["kind"]) != exchange["status"]:
            found.append(f"{operation.name} does not answer {exchange['status']} {exchange['kind']}")
    authorization = headers["authorization"]
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    request = AWSRequest(exchange["method"], f"http://{headers['host']}{path}", data=exchange["body"] or None)
    for name in names:
        request.headers[name] = headers[name]
    request.context["timestamp"] = headers["x-amz-date"]
    access = authorization.partition("Credential=")[2].partition("/")[0]
    signer = SigV4Auth(Credentials(access, secret), "ses", region)
    scope = signer.string_to_sign(request, signer.canonical_request(request))
    signature = signer.signature(scope, request)
    if not authorization.endswith(f"Signature={signature}"):
        found.append("the signature is another")
    return found


def _against(document: dict[str, Any], shape: Shape) -> list[str]:
    report = ParamValidator().validate(document, shape)
    return [report.generate_report()] if report.has_errors() else []


def main() -> None:
    """Judge the exchanges of standard input."""
    told = json.load(sys.stdin)
    for exchange in told["exchanges"]:
        for fault in faults(exchange, told["secret"], told["region"]):
            sys.stdout.write(f"{exchange['method']} {exchange['path']}: {fault}\n")


if __name__ == "__main__":
    main()
