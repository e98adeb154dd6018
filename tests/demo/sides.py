"""The AWS and the Azure side: what their roots make, and that the Google side fits to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.demo.environment import announce
from tests.demo.output import step
from tests.demo.scenario import Demo
from tests.emulator.terraform_provider.state import resources
from tests.emulator.terraform_provider.transfer_agent import subject_id
from tests.support.source_side import AWS_SIDE, AZURE_SIDE, source_sides

# CSV, because AWS writes money as DOUBLE into Parquet files, and the demo compares the last decimal.
_AWS_EXPORTS = {"cur": {"kind": "cur_v1", "file_format": "csv", "name": "acme-cur", "prefix": "exports/aws"}}
_AZURE_EXPORTS = {"focus": {"name": "focus-cost", "prefix": "exports/azure"}}


@dataclass(frozen=True)
class Sides:
    variables: Mapping[str, Any]  # of the Google side
    made: Mapping[str, Mapping[str, Any]]  # values of the applied resources, by type


def apply_sides(folder: Path, project: str) -> Sides:
    google = {"google_subject_id": subject_id(project)}
    aws = {**AWS_SIDE, **google, "exports": _AWS_EXPORTS}
    azure = {**AZURE_SIDE, **google, "exports": _AZURE_EXPORTS}
    variables, made = dict[str, Any](), dict[str, Mapping[str, Any]]()
    with source_sides(folder, aws, azure) as both:
        announce(both["aws"])
        for side, what in (("aws", "S3 bucket, export, role"), ("azure", "storage account, export, application")):
            with step(f"terraform apply in source/{side}: {what}"):
                both[side].apply()
                variables |= both[side].output()
            made |= {one.kind: one.values for one in resources(both[side].show_json())}
    return Sides(variables, made)


def check_wiring(demo: Demo, sides: Sides) -> None:
    """Compare what AWS and Azure trust with what the Google side expects of them."""
    policies, federation = demo.system.outputs["aws_policies"]["cur"], demo.system.outputs["azure_federation"]["focus"]
    role, policy = sides.made["aws_iam_role"], sides.made["aws_iam_role_policy"]
    credential = sides.made["azuread_application_federated_identity_credential"]
    found = {"audience": credential["audiences"][0], **{name: credential[name] for name in ("issuer", "subject")}}

    demo.expect(
        "trust policy of the role", json.loads(role["assume_role_policy"]), json.loads(policies["trust_policy"])
    )
    demo.expect("policy of the role", json.loads(policy["policy"]), json.loads(policies["permission_policy"]))
    demo.expect("federated credential", found, federation)
    print(f"  AWS and Azure trust Storage Transfer, {credential['subject']}, and no one else")
